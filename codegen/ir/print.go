package ir

import (
	"fmt"
	"strconv"
	"strings"
)

// PrintOptions says what a dump shows besides the code.
type PrintOptions struct {
	// Comments adds the comments of instructions, which Parse skips.
	Comments bool
}

// String returns the textual form of the module, which Parse reads back.
func (m *Module) String() string { return m.Text(PrintOptions{}) }

// Text returns the textual form of the module.
func (m *Module) Text(opts PrintOptions) string {
	var b strings.Builder
	for _, x := range m.Externs {
		fmt.Fprintf(&b, "extern %s %d %d %d\n", symbol(x.Name), x.Args, x.Stack, x.Depth)
	}
	for i, f := range m.Funcs {
		if i > 0 || len(m.Externs) > 0 {
			b.WriteByte('\n')
		}
		printFunc(&b, f, opts)
	}
	return b.String()
}

// String returns the textual form of the function.
func (f *Func) String() string {
	var b strings.Builder
	printFunc(&b, f, PrintOptions{})
	return b.String()
}

// String returns the instruction as a dump shows it.
func (v *Value) String() string {
	var b strings.Builder
	printInstr(&b, v)
	return b.String()
}

// String returns the type's name in the textual form.
func (t Type) String() string {
	switch t {
	case None:
		return "none"
	case I64:
		return "i64"
	case Ptr:
		return "ptr"
	}
	panic(fmt.Sprintf("BUG: ir: unknown type %d", uint8(t)))
}

func printFunc(b *strings.Builder, f *Func, opts PrintOptions) {
	kind := "func"
	switch {
	case f.Global:
		kind = "global"
	case f.Sub:
		kind = "sub"
	}
	fmt.Fprintf(b, "%s %s {\n", kind, symbol(f.Name))
	for _, s := range f.Slots {
		fmt.Fprintf(b, "  slot s%d %s size %d align %d\n", s.ID, symbol(s.Name), s.Size, s.Align)
	}
	for _, blk := range f.Blocks {
		printBlock(b, blk, opts)
	}
	b.WriteString("}\n")
}

func printBlock(b *strings.Builder, blk *Block, opts PrintOptions) {
	fmt.Fprintf(b, "b%d", blk.ID)
	if blk.Name != "" {
		b.WriteString(" " + symbol(blk.Name))
	}
	if len(blk.Params) > 0 {
		b.WriteByte('(')
		for i, p := range blk.Params {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(b, "%%%d: %v", p.ID, p.Type)
		}
		b.WriteByte(')')
	}
	b.WriteString(":\n")
	for _, v := range blk.Instrs {
		b.WriteString("  ")
		printInstr(b, v)
		if opts.Comments && v.Comment != "" {
			b.WriteString(" ; " + strings.ReplaceAll(v.Comment, "\n", " "))
		}
		b.WriteByte('\n')
	}
}

func printInstr(b *strings.Builder, v *Value) {
	if v.Type != None {
		fmt.Fprintf(b, "%%%d", v.ID)
		if v.Type != defaultType(v) {
			fmt.Fprintf(b, ": %v", v.Type)
		}
		b.WriteString(" = ")
	}
	b.WriteString(v.Op.String())
	if text := operands(v); text != "" {
		b.WriteString(" " + text)
	}
}

// defaultType is the type that an instruction has if its text names none.
func defaultType(v *Value) Type {
	switch v.Op {
	case OpCtx, OpSlot, OpMapPtr, OpMapValue, OpFuncPtr:
		return Ptr
	case OpCall:
		return v.Helper.Info().Result
	case OpStore, OpAtomicAdd, OpJump, OpBranch, OpReturn:
		return None
	case OpAdd, OpSub:
		return pointerResult(v)
	case OpParam, OpConst, OpMul, OpUDiv, OpSDiv, OpUMod, OpSMod, OpAnd, OpOr, OpXor, OpShl, OpLShr, OpAShr, OpNeg, OpSExt,
		OpZExt, OpBswap, OpNumber, OpEq, OpNe, OpULt, OpULe, OpSLt, OpSLe, OpLoad, OpXchgAdd, OpXchg, OpKfunc, OpCallFunc:
		return I64
	case OpInvalid, endOp:
	}
	panic(fmt.Sprintf("BUG: ir: unknown op %d", uint8(v.Op)))
}

// pointerResult is the type of an addition or subtraction: moving a pointer gives a pointer.
func pointerResult(v *Value) Type {
	if len(v.Args) == 2 && v.Args[0].Type == Ptr && v.Args[1].Type == I64 {
		return Ptr
	}
	return I64
}

// operands returns what follows the op's name.
func operands(v *Value) string {
	switch v.Op {
	case OpParam, OpCtx:
		return ""
	case OpConst:
		return strconv.FormatInt(v.Imm, 10)
	case OpSlot:
		return fmt.Sprintf("s%d", v.Slot.ID)
	case OpMapPtr, OpFuncPtr:
		return symbol(v.Sym)
	case OpMapValue:
		return symbol(v.Sym) + offset(v.Imm)
	case OpAdd, OpSub, OpMul, OpUDiv, OpSDiv, OpUMod, OpSMod, OpAnd, OpOr, OpXor, OpShl, OpLShr, OpAShr, OpNeg, OpNumber,
		OpEq, OpNe, OpULt, OpULe, OpSLt, OpSLe, OpReturn:
		return list(v.Args)
	case OpSExt, OpZExt, OpBswap:
		return fmt.Sprintf("%d %s", v.Width, list(v.Args))
	case OpLoad:
		return loadOperands(v)
	case OpStore, OpAtomicAdd, OpXchgAdd, OpXchg:
		return fmt.Sprintf("%d %s, %s", v.Width, address(v), name(v.Args[1]))
	case OpCall:
		return fmt.Sprintf("%v(%s)", v.Helper, list(v.Args))
	case OpKfunc, OpCallFunc:
		return fmt.Sprintf("%s(%s)", symbol(v.Sym), list(v.Args))
	case OpJump:
		return edge(v.Targets[0])
	case OpBranch:
		return fmt.Sprintf("%s, %s, %s", name(v.Args[0]), edge(v.Targets[0]), edge(v.Targets[1]))
	case OpInvalid, endOp:
	}
	panic(fmt.Sprintf("BUG: ir: unknown op %d", uint8(v.Op)))
}

func loadOperands(v *Value) string {
	sign, suffix := "u", ""
	if v.Signed {
		sign = "s"
	}
	if v.Stable {
		suffix = " stable"
	}
	return fmt.Sprintf("%s%d %s%s", sign, v.Width*8, address(v), suffix)
}

func address(v *Value) string { return "[" + name(v.Args[0]) + offset(v.Imm) + "]" }

// offset returns an offset as an addition or subtraction, and nothing for 0.
func offset(n int64) string {
	switch {
	case n == 0:
		return ""
	case n < 0:
		return " - " + strconv.FormatUint(uint64(-n), 10)
	}
	return " + " + strconv.FormatInt(n, 10)
}

func name(v *Value) string {
	if v == nil {
		return "%nil"
	}
	return "%" + strconv.Itoa(v.ID)
}

func list(args []*Value) string {
	names := make([]string, len(args))
	for i, a := range args {
		names[i] = name(a)
	}
	return strings.Join(names, ", ")
}

func edge(t Target) string {
	label := fmt.Sprintf("b%d", t.Block.ID)
	if len(t.Args) > 0 {
		label += "(" + list(t.Args) + ")"
	}
	return label
}

// symbol returns a name, quoted if it would not be read back as one word.
func symbol(s string) string {
	for i := range len(s) {
		if !wordByte(s[i]) {
			return strconv.Quote(s)
		}
	}
	if s == "" {
		return `""`
	}
	return s
}

// wordByte reports whether a byte may occur in an unquoted name.
func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '@' || c == '.'
}
