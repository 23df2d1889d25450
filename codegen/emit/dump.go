package emit

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/cilium/ebpf/asm"
)

// Dump writes instructions as the verifier does, numbered in units of 8 bytes, with the source lines between them, and last
// their number and the stack that they use.
func Dump(w io.Writer, insns asm.Instructions) error {
	d := dumper{w: bufio.NewWriter(w)}
	for i := range insns {
		d.instruction(&insns[i])
	}
	fmt.Fprintf(d.w, "%d instructions, %d bytes of stack\n", d.at, alignUp(d.stack, 8))
	return d.w.Flush()
}

type dumper struct {
	w      *bufio.Writer
	at     int
	stack  int
	source string
	frame  [16]bool // registers that were just set to R10
}

func (d *dumper) instruction(in *asm.Instruction) {
	if s := in.Symbol(); s != "" {
		fmt.Fprintf(d.w, "%s:\n", s)
	}
	if s := in.Source(); s != nil && s.String() != d.source {
		d.source = s.String()
		fmt.Fprintf(d.w, "     ; %s\n", d.source)
	}
	d.measure(in)
	fmt.Fprintf(d.w, "%4d: %s\n", d.at, d.text(in))
	d.at += int(in.Width())
}

// measure takes note of the stack that an instruction uses.
func (d *dumper) measure(in *asm.Instruction) {
	class := in.OpCode.Class()
	switch {
	case class.IsStore() && in.Dst == asm.R10, class == asm.LdXClass && in.Src == asm.R10:
		d.stack = max(d.stack, -int(in.Offset))
	case class == asm.ALU64Class && in.OpCode.ALUOp() == asm.Mov:
		d.frame[in.Dst] = in.OpCode.Source() == asm.RegSource && in.Src == asm.R10
	case class == asm.ALU64Class && in.OpCode.ALUOp() == asm.Add && d.frame[in.Dst]:
		d.stack = max(d.stack, -int(in.Constant))
		d.frame[in.Dst] = false
	}
}

func (d *dumper) text(in *asm.Instruction) string {
	switch in.OpCode.Class() {
	case asm.LdClass:
		return wideText(in)
	case asm.LdXClass:
		sign := "u"
		if in.OpCode.Mode() == asm.MemSXMode {
			sign = "s"
		}
		return fmt.Sprintf("%s = %s", in.Dst, memoryText(in.Src, in.Offset, sign, in.OpCode.Size()))
	case asm.StClass:
		return fmt.Sprintf("%s = %d", memoryText(in.Dst, in.Offset, "u", in.OpCode.Size()), in.Constant)
	case asm.StXClass:
		return storeText(in)
	case asm.ALUClass, asm.ALU64Class:
		return aluText(in)
	case asm.JumpClass, asm.Jump32Class:
		return d.jumpText(in)
	default:
		panic(fmt.Sprintf("BUG: emit: instruction class %v", in.OpCode.Class()))
	}
}

func wideText(in *asm.Instruction) string {
	switch {
	case in.IsLoadOfFunctionPointer():
		return fmt.Sprintf("%s = func %s", in.Dst, in.Reference())
	case in.IsLoadFromMap() && in.Src == asm.PseudoMapValue:
		return fmt.Sprintf("%s = value of %s + %d", in.Dst, in.Reference(), uint64(in.Constant)>>32)
	case in.IsLoadFromMap():
		return fmt.Sprintf("%s = map %s", in.Dst, in.Reference())
	default:
		return fmt.Sprintf("%s = %d ll", in.Dst, in.Constant)
	}
}

func memoryText(base asm.Register, off int16, sign string, size asm.Size) string {
	return fmt.Sprintf("*(%s%d *)(r%d %+d)", sign, 8*size.Sizeof(), base, off)
}

func storeText(in *asm.Instruction) string {
	at := memoryText(in.Dst, in.Offset, "u", in.OpCode.Size())
	switch in.OpCode.AtomicOp() {
	case asm.AddAtomic:
		return fmt.Sprintf("lock %s += %v", at, in.Src)
	case asm.FetchAdd:
		return fmt.Sprintf("%s = fetch_add(%s, %v)", in.Src, at, in.Src)
	default:
		return fmt.Sprintf("%s = %v", at, in.Src)
	}
}

var aluSigns = map[asm.ALUOp]string{
	asm.Add: "+=", asm.Sub: "-=", asm.Mul: "*=", asm.Div: "/=", asm.SDiv: "s/=", asm.Or: "|=", asm.And: "&=", asm.LSh: "<<=",
	asm.RSh: ">>=", asm.Mod: "%=", asm.SMod: "s%=", asm.Xor: "^=", asm.Mov: "=", asm.ArSh: "s>>=",
	asm.MovSX8: "= (s8)", asm.MovSX16: "= (s16)", asm.MovSX32: "= (s32)",
}

func aluText(in *asm.Instruction) string {
	dst := registerText(in.Dst, in.OpCode.Class() == asm.ALUClass)
	op := in.OpCode.ALUOp()
	switch op {
	case asm.Neg:
		return fmt.Sprintf("%s = -%s", dst, dst)
	case asm.Swap:
		return fmt.Sprintf("%s = %s%d %v", in.Dst, strings.ToLower(in.OpCode.Endianness().String()), in.Constant, in.Dst)
	}
	if in.OpCode.Source() == asm.RegSource {
		return fmt.Sprintf("%s %s %s", dst, aluSigns[op], registerText(in.Src, in.OpCode.Class() == asm.ALUClass))
	}
	return fmt.Sprintf("%s %s %d", dst, aluSigns[op], in.Constant)
}

// registerText returns the name of a register, or of its lower half.
func registerText(r asm.Register, half bool) string {
	if half {
		return fmt.Sprintf("w%d", r)
	}
	return fmt.Sprintf("r%d", r)
}

var jumpSigns = map[asm.JumpOp]string{
	asm.JEq: "==", asm.JNE: "!=", asm.JGT: ">", asm.JGE: ">=", asm.JLT: "<", asm.JLE: "<=", asm.JSet: "&",
	asm.JSGT: "s>", asm.JSGE: "s>=", asm.JSLT: "s<", asm.JSLE: "s<=",
}

func (d *dumper) jumpText(in *asm.Instruction) string {
	op := in.OpCode.JumpOp()
	to := d.at + 1 + int(in.Offset)
	switch {
	case op == asm.Exit:
		return "exit"
	case op == asm.Call && in.IsBuiltinCall():
		return "call " + helperName(asm.BuiltinFunc(in.Constant))
	case op == asm.Call:
		return "call " + in.Reference()
	case op == asm.Ja && in.OpCode.Class() == asm.Jump32Class:
		return fmt.Sprintf("gotol %d", d.at+1+int(in.Constant))
	case op == asm.Ja:
		return fmt.Sprintf("goto %d", to)
	case in.OpCode.Source() == asm.RegSource:
		return fmt.Sprintf("if r%d %s r%d goto %d", in.Dst, jumpSigns[op], in.Src, to)
	default:
		return fmt.Sprintf("if r%d %s %d goto %d", in.Dst, jumpSigns[op], in.Constant, to)
	}
}
