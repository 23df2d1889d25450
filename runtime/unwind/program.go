package unwind

import (
	"errors"
	"fmt"
)

// Row says which rule holds from an address on, up to that of the next row.
type Row struct {
	PC   uint64
	Rule uint32
}

// saved says where a register of the caller is.
type saved struct {
	kind savedKind
	off  int64
	expr []byte
}

type savedKind uint8

const (
	savedSame     savedKind = iota
	savedAtCFA              // in memory at CFA + off
	savedAtExpr             // in memory at the address that expr yields
	savedUnknown            // undefined, or somewhere that is not supported
	savedNoCaller           // said to be undefined: for the return address, that there is no caller
)

// columns is what is known at one place of a function: how to compute the CFA, and where the registers are that rules are about.
type columns struct {
	reg  uint64
	off  int64
	expr []byte // in the place of register and offset

	bx, bp, sp, ip saved
}

// of returns the column of a register, or nil for those that no rule is about.
func (c *columns) of(reg, returnReg uint64) *saved {
	switch reg {
	case regBX:
		return &c.bx
	case regBP:
		return &c.bp
	case regSP:
		return &c.sp
	case returnReg:
		return &c.ip
	}
	return nil
}

const (
	// maxRemembered is how deep the states may be nested that a program remembers.
	maxRemembered = 64
	// maxRowsOf is the largest number of rows of one function.
	maxRowsOf = 1 << 16
)

// errProgram says that a program makes no sense.
var errProgram = errors.New("the program of a function makes no sense")

// machine runs the program of a function.
type machine struct {
	cie      *cie
	rules    *Rules
	pc, end  uint64
	now      columns
	initial  columns
	saved    []columns
	out      []Row
	returned uint64
}

// rowsOf returns the rows of a function, the first at its start.
func rowsOf(f fde, rules *Rules) ([]Row, error) {
	m := &machine{cie: f.cie, rules: rules, pc: f.start, end: f.end, returned: f.cie.returnReg}
	if m.returned != regIP {
		return nil, fmt.Errorf("the return address is in register %d", m.returned)
	}
	if err := m.run(f.cie.program); err != nil {
		return nil, err
	}
	m.initial = m.now
	if err := m.run(f.program); err != nil {
		return nil, err
	}
	m.flush()
	return m.out, nil
}

// flush adds a row for what holds from the current address on.
func (m *machine) flush() {
	n := m.rules.number(m.now.rule(m.cie.signal))
	switch last := len(m.out) - 1; {
	case last >= 0 && m.out[last].PC == m.pc:
		m.out[last].Rule = n
	case last < 0 || m.out[last].Rule != n:
		m.out = append(m.out, Row{m.pc, n})
	}
}

// advance goes on to a later address.
func (m *machine) advance(delta uint64) error {
	if len(m.out) >= maxRowsOf {
		return errProgram
	}
	m.flush()
	next := m.pc + delta*m.cie.codeAlign
	if next < m.pc || next > m.end {
		return errProgram
	}
	m.pc = next
	return nil
}

// The instructions of call frame information, as the standard names them. The first three have their operand in the low six bits.
const (
	cfaAdvanceLoc = 0x40
	cfaOffset     = 0x80
	cfaRestore    = 0xc0
	cfaLowOperand = 0x3f

	cfaNop              = 0x00
	cfaSetLoc           = 0x01
	cfaAdvanceLoc1      = 0x02
	cfaAdvanceLoc2      = 0x03
	cfaAdvanceLoc4      = 0x04
	cfaOffsetExtended   = 0x05
	cfaRestoreExtended  = 0x06
	cfaUndefined        = 0x07
	cfaSameValue        = 0x08
	cfaRegister         = 0x09
	cfaRememberState    = 0x0a
	cfaRestoreState     = 0x0b
	cfaDefCFA           = 0x0c
	cfaDefCFARegister   = 0x0d
	cfaDefCFAOffset     = 0x0e
	cfaDefCFAExpression = 0x0f
	cfaExpression       = 0x10
	cfaOffsetExtendedSF = 0x11
	cfaDefCFASF         = 0x12
	cfaDefCFAOffsetSF   = 0x13
	cfaValOffset        = 0x14
	cfaValOffsetSF      = 0x15
	cfaValExpression    = 0x16
	cfaGNUArgsSize      = 0x2e
	cfaGNUNegativeOff   = 0x2f
)

// run runs a program to its end.
func (m *machine) run(program []byte) error {
	r := &reader{b: program}
	for r.left() > 0 {
		if err := m.step(r); err != nil {
			return err
		}
		if r.failed {
			return errShort
		}
	}
	return nil
}

func (m *machine) step(r *reader) error {
	op := r.u8()
	operand := uint64(op & cfaLowOperand)
	switch op &^ cfaLowOperand {
	case cfaAdvanceLoc:
		return m.advance(operand)
	case cfaOffset:
		m.set(operand, saved{kind: savedAtCFA, off: int64(r.uleb()) * m.cie.dataAlign})
		return nil
	case cfaRestore:
		m.restore(operand)
		return nil
	}
	switch op {
	case cfaAdvanceLoc1:
		return m.advance(uint64(r.u8()))
	case cfaAdvanceLoc2:
		return m.advance(uint64(r.u16()))
	case cfaAdvanceLoc4:
		return m.advance(uint64(r.u32()))
	case cfaRememberState, cfaRestoreState:
		return m.remember(op)
	case cfaDefCFA, cfaDefCFARegister, cfaDefCFAOffset, cfaDefCFAExpression, cfaDefCFASF, cfaDefCFAOffsetSF:
		m.defineCFA(op, r)
		return nil
	}
	return m.column(op, r)
}

// remember keeps what is known, or goes back to what was.
func (m *machine) remember(op uint8) error {
	if op == cfaRememberState {
		if len(m.saved) >= maxRemembered {
			return errProgram
		}
		m.saved = append(m.saved, m.now)
		return nil
	}
	n := len(m.saved)
	if n == 0 {
		return errProgram
	}
	m.now, m.saved = m.saved[n-1], m.saved[:n-1]
	return nil
}

// defineCFA says how the CFA is computed.
func (m *machine) defineCFA(op uint8, r *reader) {
	c := &m.now
	switch op {
	case cfaDefCFA:
		c.reg, c.off, c.expr = r.uleb(), int64(r.uleb()), nil
	case cfaDefCFASF:
		c.reg, c.off, c.expr = r.uleb(), r.sleb()*m.cie.dataAlign, nil
	case cfaDefCFARegister:
		c.reg, c.expr = r.uleb(), nil
	case cfaDefCFAOffset:
		c.off = int64(r.uleb())
	case cfaDefCFAOffsetSF:
		c.off = r.sleb() * m.cie.dataAlign
	case cfaDefCFAExpression:
		c.expr = block(r)
	}
}

// column says where a register is.
func (m *machine) column(op uint8, r *reader) error {
	switch op {
	case cfaNop:
	case cfaOffsetExtended:
		reg := r.uleb()
		m.set(reg, saved{kind: savedAtCFA, off: int64(r.uleb()) * m.cie.dataAlign})
	case cfaOffsetExtendedSF:
		reg := r.uleb()
		m.set(reg, saved{kind: savedAtCFA, off: r.sleb() * m.cie.dataAlign})
	case cfaGNUNegativeOff:
		reg := r.uleb()
		m.set(reg, saved{kind: savedAtCFA, off: -int64(r.uleb()) * m.cie.dataAlign})
	case cfaRestoreExtended:
		m.restore(r.uleb())
	case cfaUndefined:
		m.set(r.uleb(), saved{kind: savedNoCaller})
	case cfaSameValue:
		m.set(r.uleb(), saved{})
	case cfaRegister, cfaValOffset:
		m.set(r.uleb(), saved{kind: savedUnknown})
		r.uleb()
	case cfaValOffsetSF:
		m.set(r.uleb(), saved{kind: savedUnknown})
		r.sleb()
	case cfaExpression:
		reg := r.uleb()
		m.set(reg, saved{kind: savedAtExpr, expr: block(r)})
	case cfaValExpression:
		m.set(r.uleb(), saved{kind: savedUnknown})
		block(r)
	case cfaGNUArgsSize:
		r.uleb()
	default: // among them cfaSetLoc, which no compiler writes
		return fmt.Errorf("unknown instruction %#x", op)
	}
	return nil
}

// block reads the length of an expression and the expression.
func block(r *reader) []byte { return r.take(int(min(r.uleb(), uint64(len(r.b)+1)))) }

func (m *machine) set(reg uint64, s saved) {
	if c := m.now.of(reg, m.returned); c != nil {
		*c = s
	}
}

func (m *machine) restore(reg uint64) {
	if c := m.now.of(reg, m.returned); c != nil {
		*c = *m.initial.of(reg, m.returned)
	}
}
