package unwind

import (
	"math"

	"github.com/gtrace/gtrace/codegen/object"
)

// wordSize is the size of a register.
const wordSize = 8

// rule returns the rule for what is known; the one for unknown code where no rule can say it.
func (c *columns) rule(signal bool) Rule {
	if c.ip.kind == savedNoCaller {
		return Rule{Kind: object.UnwindEnd}
	}
	if signal {
		return c.signalRule()
	}
	if c.ip.kind != savedAtCFA || c.ip.off != -wordSize {
		return Rule{}
	}
	r, ok := c.cfaRule()
	if !ok {
		return Rule{}
	}
	r.BP, r.BPOffset = place(c.bp)
	r.BX, r.BXOffset = place(c.bx)
	return r
}

// cfaRule returns a rule for the CFA alone.
func (c *columns) cfaRule() (Rule, bool) {
	if c.expr == nil {
		off, ok := small(c.off)
		return Rule{Kind: object.UnwindCFA, Reg: uint8(c.reg), Offset: off}, ok && c.reg < regIP
	}
	if base, at, ok := parsePLT(c.expr); ok {
		return Rule{Kind: object.UnwindPLT, Reg: regSP, Offset: int32(base), Offset2: int32(at)}, true
	}
	l, ok := parseLinear(c.expr)
	if !ok {
		return Rule{}, false
	}
	first, ok1 := small(l.first)
	second, ok2 := small(l.second)
	r := Rule{Kind: object.UnwindCFA, Reg: uint8(l.reg), Offset: first}
	if l.deref {
		r.Kind, r.Offset2 = object.UnwindDeref, second
	}
	return r, ok1 && ok2
}

// The places of RSP and RIP in a signal's context, counted from that of R8, which is the first register.
const (
	contextSP = 120
	contextIP = 128
)

// signalRule returns the rule for the code that a handler of a signal returns to.
func (c *columns) signalRule() Rule {
	if c.ip.kind != savedAtExpr {
		return Rule{}
	}
	ip, ok := parseLinear(c.ip.expr)
	sp, ok2 := parseLinear(c.expr)
	if !ok || !ok2 || ip.deref || !sp.deref || ip.reg != regSP || sp.reg != regSP || sp.second != 0 || ip.first-sp.first != contextIP-contextSP {
		return Rule{}
	}
	off, ok := small(ip.first - contextIP)
	if !ok {
		return Rule{}
	}
	return Rule{Kind: object.UnwindSignal, Offset: off}
}

// place says where a register is that a rule is about.
func place(s saved) (kind uint8, offset int32) {
	switch s.kind {
	case savedSame:
		return object.UnwindSavedNot, 0
	case savedAtCFA:
		if off, ok := small(s.off); ok {
			return object.UnwindSavedCFA, off
		}
	case savedAtExpr:
		if l, ok := parseLinear(s.expr); ok && !l.deref && l.reg == regBP {
			if off, ok := small(l.first); ok {
				return object.UnwindSavedBP, off
			}
		}
	case savedUnknown, savedNoCaller:
	}
	return object.UnwindSavedLost, 0
}

// small returns n if rules can hold it.
func small(n int64) (int32, bool) { return int32(n), n >= math.MinInt32 && n <= math.MaxInt32 }

// linear is register + first, or, with deref, the word there plus second.
type linear struct {
	reg           uint64
	first, second int64
	deref         bool
}

// The operations of expressions that frames are described with.
const (
	opDeref      = 0x06
	opAnd        = 0x1a
	opPlus       = 0x22
	opPlusConst  = 0x23
	opShl        = 0x24
	opGE         = 0x2a
	opLit0       = 0x30
	opLit31      = 0x4f
	opBreg0      = 0x70
	opConst1u    = 0x08
	opConst1s    = 0x09
	opConst2u    = 0x0a
	opConst2s    = 0x0b
	opConst4u    = 0x0c
	opConst4s    = 0x0d
	opMinus      = 0x1c
	lowestNibble = 15
)

// parseLinear understands the expressions that compilers write for registers that were saved at odd places.
func parseLinear(expr []byte) (linear, bool) {
	r := &reader{b: expr}
	op := r.u8()
	if op < opBreg0 || op >= opBreg0+regIP {
		return linear{}, false
	}
	l := linear{reg: uint64(op - opBreg0), first: r.sleb()}
	for r.left() > 0 && !r.failed {
		if op := r.u8(); op == opDeref {
			if l.deref {
				return l, false
			}
			l.deref = true
		} else if n, ok := addend(op, r); !ok {
			return l, false
		} else if l.deref {
			l.second += n
		} else {
			l.first += n
		}
	}
	return l, !r.failed
}

// addend reads the rest of an addition or subtraction of a constant.
func addend(op uint8, r *reader) (int64, bool) {
	var n int64
	switch {
	case op == opPlusConst:
		return int64(r.uleb()), true
	case op >= opLit0 && op <= opLit31:
		n = int64(op - opLit0)
	case op == opConst1u:
		n = int64(r.u8())
	case op == opConst1s:
		n = int64(int8(r.u8()))
	case op == opConst2u:
		n = int64(r.u16())
	case op == opConst2s:
		n = int64(int16(r.u16()))
	case op == opConst4u:
		n = int64(r.u32())
	case op == opConst4s:
		n = int64(int32(r.u32()))
	default:
		return 0, false
	}
	switch r.u8() {
	case opPlus:
		return n, true
	case opMinus:
		return -n, true
	}
	return 0, false
}

// parsePLT understands what linkers write for the stubs of functions in other files, of 16 bytes each:
// RSP + base + ((RIP & 15) >= at) * 8, since each pushes a word before its last instruction.
func parsePLT(expr []byte) (base int64, at uint8, ok bool) {
	r := &reader{b: expr}
	if r.u8() != opBreg0+regSP {
		return 0, 0, false
	}
	base = r.sleb()
	if r.u8() != opBreg0+regIP || r.sleb() != 0 || r.u8() != opLit0+lowestNibble || r.u8() != opAnd {
		return 0, 0, false
	}
	at = r.u8() - opLit0
	ok = at <= lowestNibble && r.u8() == opGE && r.u8() == opLit0+3 && r.u8() == opShl && r.u8() == opPlus
	return base, at, ok && r.left() == 0 && !r.failed
}
