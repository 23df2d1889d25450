package opt

import "github.com/gtrace/gtrace/codegen/ir"

// foldExtension simplifies sign and zero extensions and byte swaps.
func (c *folder) foldExtension(v *ir.Value) *ir.Value {
	x, width := v.Args[0], int(v.Width)
	if x.Type != ir.I64 {
		return nil
	}
	if y := c.truncated(x, width); y != nil && y.Type == ir.I64 {
		return c.setArg(v, 0, y)
	}
	switch {
	case v.Op == ir.OpZExt:
		return c.foldZExt(v, x, width)
	case v.Op == ir.OpSExt:
		return c.foldSExt(v, x, width)
	}
	return nil
}

func (c *folder) foldZExt(v, x *ir.Value, width int) *ir.Value {
	switch {
	case lowBits(x, 4) <= 8*width:
		return x
	case x.Op == ir.OpLoad && x.Signed && int(x.Width) == width && c.usedOnce(x):
		x.Signed = false
		return x
	}
	return nil
}

func (c *folder) foldSExt(v, x *ir.Value, width int) *ir.Value {
	switch {
	case lowBits(x, 4) < 8*width:
		return x
	case x.Op == ir.OpSExt: // of fewer bytes, or truncated would have taken it away
		return x
	case x.Op == ir.OpLoad && x.Signed && int(x.Width) <= width:
		return x
	case x.Op == ir.OpLoad && !x.Signed && int(x.Width) == width && width < 8 && x.Type == ir.I64 && c.usedOnce(x):
		x.Signed = true
		return x
	}
	return nil
}
