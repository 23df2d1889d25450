package opt

import "github.com/gtrace/gtrace/codegen/ir"

// passConst computes what is known at compile time and rewrites operations into cheaper equal ones: identities, shifts for
// powers of two, merged extensions, constants gathered in one place, constant offsets moved into loads and stores, branches
// on constants. Definitions are visited before uses.
func passConst(f *ir.Func) bool {
	c := &folder{f: f, uses: ir.UseCounts(f)}
	for _, b := range ir.NewCFG(f).Order {
		c.block(b)
	}
	c.renames.Apply(f)
	return c.changed
}

// folder simplifies the instructions of one function.
type folder struct {
	f       *ir.Func
	uses    []int
	renames ir.Renames
	changed bool
	// out is the new body of the block that is being rewritten; cur is the instruction at its end.
	out []*ir.Value
	cur *ir.Value
}

// maxSteps bounds the rewrites of one instruction in a row.
const maxSteps = 16

func (c *folder) block(b *ir.Block) {
	c.out = make([]*ir.Value, 0, len(b.Instrs))
	for _, v := range b.Instrs {
		c.renames.ApplyTo(v)
		c.cur = v
		if by := c.simplify(v); by != v {
			c.replace(v, by)
			continue
		}
		c.out = append(c.out, v)
	}
	b.Instrs = c.out
}

// simplify rewrites an instruction in place as long as there is something to gain, and returns it, or the value that it is
// equal to.
func (c *folder) simplify(v *ir.Value) *ir.Value {
	for range maxSteps {
		by := c.step(v)
		if by == nil {
			return v
		}
		c.changed = true
		if by != v {
			return by
		}
	}
	return v
}

// step makes one rewrite: nil if there is none, v if it was changed in place, else the value to use instead.
func (c *folder) step(v *ir.Value) *ir.Value {
	if by := c.foldConstant(v); by != nil {
		return by
	}
	if by := c.canonical(v); by != nil {
		return by
	}
	switch v.Op {
	case ir.OpAdd, ir.OpSub:
		return c.foldSum(v)
	case ir.OpMul:
		return c.foldMul(v)
	case ir.OpUDiv, ir.OpSDiv, ir.OpUMod, ir.OpSMod:
		return c.foldDivision(v)
	case ir.OpAnd:
		return c.foldAnd(v)
	case ir.OpOr, ir.OpXor:
		return c.foldOr(v)
	case ir.OpShl, ir.OpLShr, ir.OpAShr:
		return c.foldShift(v)
	case ir.OpNeg:
		return c.foldNeg(v)
	case ir.OpSExt, ir.OpZExt, ir.OpBswap:
		return c.foldExtension(v)
	case ir.OpEq, ir.OpNe, ir.OpULt, ir.OpULe, ir.OpSLt, ir.OpSLe:
		return c.foldCompare(v)
	case ir.OpLoad, ir.OpStore, ir.OpAtomicAdd, ir.OpXchgAdd, ir.OpXchg:
		return c.foldMemory(v)
	case ir.OpBranch:
		return c.foldBranch(v)
	case ir.OpParam, ir.OpConst, ir.OpCtx, ir.OpSlot, ir.OpMapPtr, ir.OpMapValue, ir.OpFuncPtr, ir.OpNumber, ir.OpCall, ir.OpKfunc,
		ir.OpCallFunc, ir.OpJump, ir.OpReturn:
		return nil
	}
	panic("BUG: opt: unexpected op " + v.Op.String())
}

// replace notes that v is gone and its uses are uses of by.
func (c *folder) replace(v, by *ir.Value) {
	c.renames.Replace(v, by)
	if v.ID < len(c.uses) && by.ID < len(c.uses) {
		c.uses[by.ID] += c.uses[v.ID]
	}
}

// usedOnce reports whether x has no other use than the instruction at hand.
func (c *folder) usedOnce(x *ir.Value) bool { return x.ID < len(c.uses) && c.uses[x.ID] == 1 }

// use notes another use of x.
func (c *folder) use(x *ir.Value) {
	if x.ID < len(c.uses) {
		c.uses[x.ID]++
	}
}

// konst returns the constant n for the instruction at hand.
func (c *folder) konst(n int64) *ir.Value {
	v := newConst(c.f, c.cur, n, ir.I64)
	v.Block = c.cur.Block
	c.out = append(c.out, v)
	return v
}

// become turns v into another operation.
func (c *folder) become(v *ir.Value, op ir.Op, args ...*ir.Value) *ir.Value {
	for _, x := range args {
		c.use(x)
	}
	v.Op, v.Args, v.Width, v.Signed, v.Imm = op, args, 0, false, 0
	return v
}

// becomeConst turns v into a constant.
func (c *folder) becomeConst(v *ir.Value, n int64) *ir.Value {
	c.become(v, ir.OpConst)
	v.Imm, v.Type = n, ir.I64
	return v
}

// setArg changes an operand of v.
func (c *folder) setArg(v *ir.Value, i int, x *ir.Value) *ir.Value {
	c.use(x)
	v.Args[i] = x
	return v
}

// foldConstant computes an operation on constants.
func (c *folder) foldConstant(v *ir.Value) *ir.Value {
	if !canEval(v.Op) || v.Type != ir.I64 {
		return nil
	}
	var args [2]int64
	for i, x := range v.Args {
		n, ok := constant(x)
		if !ok || x.Type != ir.I64 {
			return nil
		}
		args[i] = n
	}
	return c.becomeConst(v, eval(v.Op, int(v.Width), args[0], args[1]))
}

// canonical moves the constant of a commutative operation to the right.
func (c *folder) canonical(v *ir.Value) *ir.Value {
	if !v.Op.Info().Commutes || v.Args[0].Op != ir.OpConst || v.Args[1].Op == ir.OpConst {
		return nil
	}
	if v.Op == ir.OpAdd && v.Args[1].Type == ir.Ptr {
		return nil // an integer plus a pointer is an integer, the reverse is a pointer
	}
	v.Args[0], v.Args[1] = v.Args[1], v.Args[0]
	return v
}

// foldMemory moves a constant offset of the address into the instruction, and drops the extension of what is stored.
func (c *folder) foldMemory(v *ir.Value) *ir.Value {
	if addr := v.Args[0]; addr.Op == ir.OpAdd && addr.Type == ir.Ptr {
		if n, ok := constant(addr.Args[1]); ok && ir.FitsOffset(n) && ir.FitsOffset(v.Imm+n) {
			v.Imm += n
			return c.setArg(v, 0, addr.Args[0])
		}
	}
	if v.Op == ir.OpLoad {
		return nil
	}
	if x := c.truncated(v.Args[1], int(v.Width)); x != nil && x.Type == ir.I64 {
		return c.setArg(v, 1, x)
	}
	return nil
}

// truncated returns a value with the same low width bytes as x and less work; nil if there is none.
func (c *folder) truncated(x *ir.Value, width int) *ir.Value {
	switch {
	case x.Op == ir.OpSExt || x.Op == ir.OpZExt:
		if int(x.Width) >= width {
			return x.Args[0]
		}
	case x.Op == ir.OpAnd:
		if n, ok := constant(x.Args[1]); ok && n&mask(width) == mask(width) {
			return x.Args[0]
		}
	}
	return nil
}

// foldBranch decides a branch on a constant.
func (c *folder) foldBranch(v *ir.Value) *ir.Value {
	n, ok := constant(v.Args[0])
	if !ok {
		return nil
	}
	taken := v.Targets[0]
	if n == 0 {
		taken = v.Targets[1]
	}
	jumpTo(v, taken)
	return v
}
