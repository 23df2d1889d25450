package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/types"
)

// typedPlace returns what a pointer in the context points to where the verifier knows its type: an argument of fentry and fexit, or
// an object of an iterator. Those of raw tracepoints may be null for some kernels, or no pointers at all.
func (f *fn) typedPlace(x ast.Expr) (place, bool) {
	if f.follow {
		x = f.origin(x)
	}
	e, ok := x.(*ast.FieldExpr)
	c := f.prog.Context
	if !ok || c == nil || c.Copied || len(f.info.Fields[e]) != 1 {
		return place{}, false
	}
	field := f.info.Fields[e][0]
	switch whole := f.structOf(e.X); {
	case whole == nil:
	case f.kind() == attach.KindIter && whole == c.Ctx:
		if v := f.objects[int64(field.Offset)]; v != nil {
			return place{base: v, mem: memTrusted}, true
		}
	case f.kind() == attach.KindTracing && whole == c.Args && f.trampoline() && trustedField(c.Args, field):
		v := f.b.Load(f.b.Ctx(), int64(field.Offset), 8, false)
		v.Stable, v.Type = true, ir.Ptr
		return place{base: v, mem: memTrusted}, true
	}
	return place{}, false
}

// trampoline reports whether the program runs at a function's entry or return.
func (f *fn) trampoline() bool {
	if len(f.prog.Probes) == 0 {
		return false
	}
	p := f.prog.Probes[0].Provider
	return p == "fentry" || p == "fexit"
}

// trustedField reports whether the verifier knows what a field of the context points to; the checker's fields do not say so, since
// what is kept of them is a number.
func trustedField(s *types.Struct, field types.Field) bool {
	for _, known := range s.Fields {
		if p, ok := known.Type.(types.Pointer); ok && known.Offset == field.Offset {
			return p.Trusted
		}
	}
	return false
}

// numeric reports whether the verifier takes what is at an offset of the context for a number. With a pointer to a struct one can
// compute little, and nothing at all with one that may be null.
func (f *fn) numeric(off int64) bool {
	c := f.prog.Context
	if c.Retval != nil && c.Retval.Operand == nil && int64(c.Retval.Offset) == off {
		_, pointer := c.Retval.Type.(types.Pointer)
		return !pointer
	}
	if c.Args == nil {
		return false
	}
	for _, known := range c.Args.Fields {
		if int64(known.Offset) == off {
			_, pointer := known.Type.(types.Pointer)
			return !pointer
		}
	}
	return false
}

// structOf returns the struct that an expression is or points to, or nil.
func (f *fn) structOf(x ast.Expr) *types.Struct {
	t := f.info.Types[x]
	for {
		p, ok := t.(types.Pointer)
		if !ok {
			break
		}
		t = p.Elem
	}
	s, _ := t.(*types.Struct)
	return s
}

// loadable reports whether the verifier lets a member of a struct that it knows be loaded, or pointed to: it looks for one member that
// holds the bytes, which it does not find in unions, bitfields and arrays on every kernel. With -k, failures of reads are to be
// reported, and loads that fail read 0.
func (f *fn) loadable(s *types.Struct, path []types.Field) bool {
	for i, step := range path {
		if s == nil || s.Union || step.BitSize > 0 {
			return false
		}
		if i == len(path)-1 {
			return isStruct(step.Type) || isScalar(step.Type) && !f.opts.DebugHelpers
		}
		s, _ = step.Type.(*types.Struct)
	}
	return false
}

func isStruct(t types.Type) bool {
	s, ok := t.(*types.Struct)
	return ok && !s.Union
}
