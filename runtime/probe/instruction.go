package probe

// maxInstruction is the size of the longest instruction of amd64.
const maxInstruction = 15

// amd64Code reads an instruction of amd64 in 64-bit mode, as far as it takes to know its size.
type amd64Code struct {
	code []byte
	n    int
	// wide16 and wide64 are set by the prefixes for operands of 16 and 64 bits, address32 by that for addresses of 32; repeat is the last
	// of F2 and F3.
	wide16, wide64, address32 bool
	repeat                    byte
}

// amd64Length returns the size of the instruction that code begins with. It fails where that is none, or one of those that are only being
// introduced (APX).
func amd64Length(code []byte) (n int, ok bool) {
	c := &amd64Code{code: code[:min(len(code), maxInstruction)]}
	if !c.instruction() || c.n > len(c.code) {
		return 0, false
	}
	return c.n, true
}

// next takes a byte; behind the end there are zeros, and the size tells that there is no more.
func (c *amd64Code) next() byte {
	c.n++
	if c.n > len(c.code) {
		return 0
	}
	return c.code[c.n-1]
}

func (c *amd64Code) skip(n int) bool {
	c.n += n
	return true
}

// instruction reads prefixes and what follows them.
func (c *amd64Code) instruction() bool {
	for c.n < maxInstruction {
		op := c.next()
		switch {
		case op == 0x66:
			c.wide16, c.wide64 = true, false
		case op == 0x67:
			c.address32, c.wide64 = true, false
		case op == 0xf2, op == 0xf3:
			c.repeat, c.wide64 = op, false
		case op == 0xf0, op&0xe7 == 0x26, op == 0x64, op == 0x65: // lock and segments
			c.wide64 = false
		case op&0xf0 == 0x40: // a REX prefix counts right before the opcode only
			c.wide64 = op&8 != 0
		case op == 0x0f:
			return c.escaped()
		case op == 0xc5:
			c.skip(1)
			return c.vector(1)
		case op == 0xc4:
			space := c.next() & 0x1f
			c.skip(1)
			return c.vector(space)
		case op == 0x8f && c.n < len(c.code) && c.code[c.n]&0x1f >= 8: // XOP; else it is pop
			space := c.next() & 0x1f
			c.skip(1)
			return c.vector(space)
		case op == 0x62:
			space := c.next() & 7
			c.skip(2)
			return c.vector(space)
		default:
			return c.plain(op)
		}
	}
	return false
}

// number skips a number in the instruction: 16 or 32 bits, as the operands are.
func (c *amd64Code) number() bool {
	if c.wide16 && !c.wide64 {
		return c.skip(2)
	}
	return c.skip(4)
}

// operand reads the operand that is a register or memory, and returns the byte that says which.
func (c *amd64Code) operand() byte {
	mode := c.next()
	base := mode & 7
	if mode>>6 == 3 {
		return mode
	}
	if base == 4 {
		base = c.next() & 7
	}
	switch {
	case mode>>6 == 1:
		c.skip(1)
	case mode>>6 == 2, base == 5:
		c.skip(4)
	}
	return mode
}

// operandAnd reads an operand and skips what follows it.
func (c *amd64Code) operandAnd(n int) bool {
	c.operand()
	return c.skip(n)
}

// plain reads what follows an opcode of one byte.
func (c *amd64Code) plain(op byte) bool {
	switch {
	case op < 0x40:
		return c.arithmetic(op)
	case op < 0x60, op >= 0x6c && op < 0x70, op >= 0x90 && op < 0x9a, op >= 0x9b && op < 0xa0:
		return true
	case op == 0x68:
		return c.number()
	case op == 0x6a, op >= 0x70 && op < 0x80:
		return c.skip(1)
	case op == 0x69:
		c.operand()
		return c.number()
	case op == 0x63, op >= 0x84 && op < 0x90:
		return c.operandAnd(0)
	case op == 0x6b, op == 0x80, op == 0x83:
		return c.operandAnd(1)
	case op == 0x81:
		c.operand()
		return c.number()
	case op >= 0xa0:
		return c.plainHigh(op)
	}
	return false
}

// arithmetic reads one of the eight rows add, or, adc, sbb, and, sub, xor, cmp.
func (c *amd64Code) arithmetic(op byte) bool {
	switch op & 7 {
	case 4:
		return c.skip(1)
	case 5:
		return c.number()
	case 6, 7:
		return false
	}
	return c.operandAnd(0)
}

// plainHigh is plain for the opcodes from A0 on.
func (c *amd64Code) plainHigh(op byte) bool {
	switch {
	case op < 0xa4: // an address
		if c.address32 {
			return c.skip(4)
		}
		return c.skip(8)
	case op == 0xa8, op >= 0xb0 && op < 0xb8, op == 0xcd, op >= 0xe0 && op < 0xe8, op == 0xeb:
		return c.skip(1)
	case op == 0xa9:
		return c.number()
	case op >= 0xb8 && op < 0xc0:
		if c.wide64 {
			return c.skip(8)
		}
		return c.number()
	case op == 0xc0, op == 0xc1, op == 0xc6:
		return c.operandAnd(1)
	case op == 0xc7:
		c.operand()
		return c.number()
	case op == 0xc2, op == 0xca:
		return c.skip(2)
	case op == 0xc8:
		return c.skip(3)
	case op == 0xe8, op == 0xe9:
		return c.skip(4)
	case op >= 0xd0 && op < 0xd4, op >= 0xd8 && op < 0xe0, op == 0xfe, op == 0xff:
		return c.operandAnd(0)
	case op == 0xf6, op == 0xf7:
		return c.test(op)
	case op == 0xce, op >= 0xd4 && op < 0xd7, op == 0xea:
		return false
	}
	return true
}

// test reads the group of test, not, neg, mul and div, of which only test has a number.
func (c *amd64Code) test(op byte) bool {
	switch mode := c.operand(); {
	case mode&0x30 != 0:
		return true
	case op == 0xf6:
		return c.skip(1)
	}
	return c.number()
}

// escaped reads an instruction of 0F.
func (c *amd64Code) escaped() bool {
	switch op := c.next(); {
	case op == 0x38:
		c.skip(1)
		return c.operandAnd(0)
	case op == 0x3a:
		c.skip(1)
		return c.operandAnd(1)
	case op >= 0x80 && op < 0x90:
		return c.skip(4)
	case op >= 0x20 && op < 0x24: // control registers; the operand is never memory
		return c.skip(1)
	case op == 0x78 && (c.wide16 || c.repeat == 0xf2):
		return c.operandAnd(2)
	case op == 0x0f, op == 0xa4, op == 0xac, op == 0xba, hasByte(op):
		return c.operandAnd(1)
	case op == 0x04, op == 0x0a, op == 0x0c, op >= 0x24 && op < 0x28, op == 0x36, op >= 0x39 && op < 0x40:
		return false
	case op >= 0x05 && op < 0x0c, op == 0x0e, op >= 0x30 && op < 0x38, op == 0x77, op >= 0xa0 && op < 0xa3, op >= 0xa8 && op < 0xab,
		op >= 0xc8 && op < 0xd0:
		return true
	}
	return c.operandAnd(0)
}

// hasByte reports whether an instruction of 0F, with or without a vector prefix, has a byte behind its operand.
func hasByte(op byte) bool { return op >= 0x70 && op < 0x74 || op == 0xc2 || op >= 0xc4 && op < 0xc7 }

// vector reads an instruction behind a VEX, EVEX or XOP prefix; space is the table of its opcode.
func (c *amd64Code) vector(space byte) bool {
	op := c.next()
	switch space {
	case 1:
		switch {
		case op == 0x77: // vzeroupper
			return true
		case hasByte(op):
			return c.operandAnd(1)
		}
		return c.operandAnd(0)
	case 2, 5, 6, 9:
		return c.operandAnd(0)
	case 3, 8:
		return c.operandAnd(1)
	case 10:
		return c.operandAnd(4)
	}
	return false
}
