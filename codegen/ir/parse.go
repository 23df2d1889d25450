package ir

import (
	"fmt"
	"strconv"
	"strings"
)

// Parse reads the textual form of a module. Comments run from a semicolon to the end of the line. The result is well formed
// as far as the text can say; Validate checks the rest.
func Parse(text string) (*Module, error) {
	m := &Module{}
	var p *parser
	for i, line := range strings.Split(text, "\n") {
		toks, err := scanLine(line)
		if err == nil && len(toks) > 0 {
			p, err = parseLine(m, p, toks)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if p != nil {
		return nil, fmt.Errorf("function %s: missing }", p.f.Name)
	}
	return m, nil
}

// parseLine reads one line; p is the parser of the function that the line is in, nil between functions.
func parseLine(m *Module, p *parser, toks []token) (*parser, error) {
	if p == nil && toks[0].text == "extern" {
		return nil, parseExtern(m, toks[1:])
	}
	if p == nil {
		return newParser(toks)
	}
	p.toks = toks
	if toks[0].text == "}" && len(toks) == 1 {
		m.Funcs = append(m.Funcs, p.f)
		return nil, p.finish()
	}
	if err := p.line(); err != nil {
		return p, err
	}
	if len(p.toks) > 0 {
		return p, fmt.Errorf("unexpected %q", p.toks[0].text)
	}
	return p, nil
}

// parseExtern reads what follows the word extern: the name, and three numbers.
func parseExtern(m *Module, toks []token) error {
	p := &parser{toks: toks}
	x := Extern{}
	var err error
	if x.Name, err = p.symbol(); err != nil {
		return err
	}
	for _, n := range []*int{&x.Args, &x.Stack, &x.Depth} {
		v, err := p.integer()
		if err != nil {
			return err
		}
		*n = int(v)
	}
	m.Externs = append(m.Externs, x)
	return nil
}

// parser reads the lines of one function. Values and blocks may be used before the line that defines them.
type parser struct {
	f       *Func
	toks    []token
	cur     *Block
	blocks  map[int]*Block
	values  map[int]*Value
	defined map[*Value]bool
	// anonymous are instructions without a value, numbered after all others.
	anonymous []*Value
	// retyped are instructions whose text names no type; it may depend on operands that are not read yet.
	retyped []*Value
}

// maxID bounds the numbers of values and blocks, as tables are indexed by them.
const maxID = 1 << 20

func newParser(toks []token) (*parser, error) {
	p := &parser{toks: toks, blocks: map[int]*Block{}, values: map[int]*Value{}, defined: map[*Value]bool{}}
	p.f = &Func{}
	switch kind := p.next().text; kind {
	case "func":
	case "sub":
		p.f.Sub = true
	case "global":
		p.f.Sub, p.f.Global = true, true
	default:
		return nil, fmt.Errorf("expected func, sub or global, found %q", kind)
	}
	sym, err := p.symbol()
	if err != nil {
		return nil, err
	}
	p.f.Name = sym
	return p, p.expect("{")
}

func (p *parser) finish() error {
	for id, v := range p.values {
		if !p.defined[v] {
			return fmt.Errorf("%%%d is not defined", id)
		}
	}
	for id, b := range p.blocks {
		if b.Func == nil {
			return fmt.Errorf("b%d is not defined", id)
		}
	}
	if len(p.f.Blocks) == 0 {
		return fmt.Errorf("function %s has no blocks", p.f.Name)
	}
	p.inferTypes()
	for _, v := range p.anonymous {
		v.ID = p.f.nextValue
		p.f.nextValue++
	}
	return nil
}

// inferTypes gives types to the instructions whose text names none. A sum may be read before its operands, hence the rounds.
func (p *parser) inferTypes() {
	for range p.retyped {
		changed := false
		for _, v := range p.retyped {
			if t := defaultType(v); t != v.Type {
				v.Type, changed = t, true
			}
		}
		if !changed {
			return
		}
	}
}

func (p *parser) line() error {
	first := p.toks[0].text
	if first == "slot" {
		return p.slot()
	}
	if id, ok := number(first, "b"); ok && !p.toks[0].quoted {
		return p.blockHeader(id)
	}
	if p.cur == nil {
		return fmt.Errorf("instruction before the first block")
	}
	return p.instruction()
}

// slot reads: slot s0 name size 16 align 8.
func (p *parser) slot() error {
	p.next()
	id, ok := number(p.next().text, "s")
	if !ok || id != len(p.f.Slots) {
		return fmt.Errorf("expected slot s%d", len(p.f.Slots))
	}
	s := &Slot{ID: id}
	var err error
	if s.Name, err = p.symbol(); err != nil {
		return err
	}
	if s.Size, err = p.field("size"); err != nil {
		return err
	}
	s.Align, err = p.field("align")
	p.f.Slots = append(p.f.Slots, s)
	return err
}

func (p *parser) field(word string) (int, error) {
	if err := p.expect(word); err != nil {
		return 0, err
	}
	n, err := p.integer()
	if err != nil || n < 1 || n > 1<<30 {
		return 0, fmt.Errorf("bad %s", word)
	}
	return int(n), nil
}

// blockHeader reads: b2 name(%7: i64):.
func (p *parser) blockHeader(id int) error {
	p.next()
	b := p.block(id)
	if b.Func != nil {
		return fmt.Errorf("b%d is defined twice", id)
	}
	b.Func, p.cur = p.f, b
	p.f.Blocks = append(p.f.Blocks, b)
	if !p.peek("(") && !p.peek(":") {
		var err error
		if b.Name, err = p.symbol(); err != nil {
			return err
		}
	}
	if p.accept("(") {
		if err := p.params(b); err != nil {
			return err
		}
	}
	return p.expect(":")
}

func (p *parser) params(b *Block) error {
	for {
		v, err := p.definition()
		if err != nil {
			return err
		}
		if err := p.expect(":"); err != nil {
			return err
		}
		if v.Type, err = p.typeName(); err != nil {
			return err
		}
		v.Op, v.Block = OpParam, b
		b.Params = append(b.Params, v)
		if !p.accept(",") {
			return p.expect(")")
		}
	}
}

func (p *parser) instruction() error {
	v, typed, err := p.result()
	if err != nil {
		return err
	}
	op, ok := LookupOp(p.next().text)
	if !ok || op == OpParam {
		return fmt.Errorf("unknown instruction")
	}
	v.Op, v.Block = op, p.cur
	p.cur.Instrs = append(p.cur.Instrs, v)
	if !typed {
		p.retyped = append(p.retyped, v)
	}
	return p.operands(v)
}

// result reads the left-hand side, if there is one: %3 = or %3: ptr =.
func (p *parser) result() (v *Value, typed bool, err error) {
	if !strings.HasPrefix(p.toks[0].text, "%") {
		v = &Value{Type: None}
		p.anonymous = append(p.anonymous, v)
		return v, true, nil
	}
	if v, err = p.definition(); err != nil {
		return nil, false, err
	}
	v.Type = I64
	if p.accept(":") {
		typed = true
		if v.Type, err = p.typeName(); err != nil {
			return nil, false, err
		}
	}
	return v, typed, p.expect("=")
}

// operands reads what follows the op's name.
func (p *parser) operands(v *Value) error {
	switch v.Op {
	case OpCtx:
		return nil
	case OpConst:
		n, err := p.integer()
		v.Imm = n
		return err
	case OpSlot:
		return p.slotRef(v)
	case OpMapPtr, OpFuncPtr:
		return p.symbolInto(v)
	case OpMapValue:
		if err := p.symbolInto(v); err != nil {
			return err
		}
		return p.offset(v)
	case OpAdd, OpSub, OpMul, OpUDiv, OpSDiv, OpUMod, OpSMod, OpAnd, OpOr, OpXor, OpShl, OpLShr, OpAShr, OpNeg, OpNumber,
		OpEq, OpNe, OpULt, OpULe, OpSLt, OpSLe, OpReturn:
		return p.fixedArgs(v)
	case OpSExt, OpZExt, OpBswap:
		if err := p.width(v); err != nil {
			return err
		}
		return p.fixedArgs(v)
	case OpLoad:
		return p.load(v)
	case OpStore, OpAtomicAdd, OpXchgAdd, OpXchg:
		return p.store(v)
	case OpCall:
		return p.helperCall(v)
	case OpKfunc, OpCallFunc:
		if err := p.symbolInto(v); err != nil {
			return err
		}
		return p.argList(v)
	case OpJump:
		return p.target(v)
	case OpBranch:
		return p.branch(v)
	case OpInvalid, OpParam, endOp:
	}
	panic(fmt.Sprintf("BUG: ir: unknown op %d", uint8(v.Op)))
}

func (p *parser) slotRef(v *Value) error {
	id, ok := number(p.next().text, "s")
	if !ok || id >= len(p.f.Slots) {
		return fmt.Errorf("unknown slot")
	}
	v.Slot = p.f.Slots[id]
	return nil
}

// fixedArgs reads as many operands as the op's row says.
func (p *parser) fixedArgs(v *Value) error {
	for i := range v.Op.Info().Args {
		if i > 0 {
			if err := p.expect(","); err != nil {
				return err
			}
		}
		if err := p.arg(v); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) width(v *Value) error {
	n, err := p.integer()
	if err != nil || !oneOf(int(n), 1, 2, 4, 8) {
		return fmt.Errorf("bad width")
	}
	v.Width = uint8(n)
	return nil
}

// load reads: u32 [%1 + 8] stable.
func (p *parser) load(v *Value) error {
	word := p.next().text
	bits, ok := number(word, "u")
	if !ok {
		bits, v.Signed = number(word, "s")
	}
	if !oneOf(bits, 8, 16, 32, 64) {
		return fmt.Errorf("bad width")
	}
	v.Width = uint8(bits / 8)
	if err := p.address(v); err != nil {
		return err
	}
	v.Stable = p.accept("stable")
	return nil
}

// store reads: 4 [%1 + 8], %2.
func (p *parser) store(v *Value) error {
	if err := p.width(v); err != nil {
		return err
	}
	if err := p.address(v); err != nil {
		return err
	}
	if err := p.expect(","); err != nil {
		return err
	}
	return p.arg(v)
}

func (p *parser) address(v *Value) error {
	if err := p.expect("["); err != nil {
		return err
	}
	if err := p.arg(v); err != nil {
		return err
	}
	if err := p.offset(v); err != nil {
		return err
	}
	return p.expect("]")
}

// offset reads an offset as offset prints it.
func (p *parser) offset(v *Value) error {
	minus := p.peek("-")
	if !minus && !p.peek("+") {
		return nil
	}
	p.next()
	text := p.next().text
	if minus {
		text = "-" + text
	}
	n, err := strconv.ParseInt(text, 10, 64)
	v.Imm = n
	return err
}

func (p *parser) helperCall(v *Value) error {
	h, ok := LookupHelper(p.next().text)
	if !ok {
		return fmt.Errorf("unknown helper")
	}
	v.Helper = h
	return p.argList(v)
}

func (p *parser) branch(v *Value) error {
	if err := p.arg(v); err != nil {
		return err
	}
	for range 2 {
		if err := p.expect(","); err != nil {
			return err
		}
		if err := p.target(v); err != nil {
			return err
		}
	}
	return nil
}

// target reads: b2(%1, %2).
func (p *parser) target(v *Value) error {
	id, ok := number(p.next().text, "b")
	if !ok {
		return fmt.Errorf("expected a block")
	}
	t := Target{Block: p.block(id)}
	if p.peek("(") {
		var err error
		if t.Args, err = p.valueList(); err != nil {
			return err
		}
	}
	v.Targets = append(v.Targets, t)
	return nil
}
