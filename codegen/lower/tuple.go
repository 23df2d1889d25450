package lower

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// tuple builds a tuple.
func (f *fn) tuple(e *ast.TupleLit, t types.Tuple, into *ir.Value) stdlib.Value {
	if into == nil {
		into = f.object("tuple", t)
	}
	f.putElems(into, 0, e.Elems, t.Elems)
	return stdlib.Value{V: into, Type: t}
}

// record builds a record.
func (f *fn) record(e *ast.RecordLit, t types.Record, into *ir.Value) stdlib.Value {
	if into == nil {
		into = f.object("record", t)
	}
	byName := map[string]ast.Expr{}
	for _, field := range e.Fields {
		byName[field.Name] = field.Value
	}
	elems := make([]ast.Expr, len(t.Fields))
	for i, field := range t.Fields {
		elems[i] = byName[field.Name]
	}
	f.putElems(into, 0, elems, t.Types())
	return stdlib.Value{V: into, Type: t}
}

// putElems stores expressions as a tuple of the given types, gaps zero.
func (f *fn) putElems(dst *ir.Value, off int64, elems []ast.Expr, ts []types.Type) {
	offsets, size, _ := types.TupleLayout(ts)
	end := 0
	for i, e := range elems {
		if offsets[i] > end {
			f.zeroBytes(dst, off+int64(end), offsets[i]-end)
		}
		f.putExpr(dst, off+int64(offsets[i]), e, ts[i], true)
		end = offsets[i] + types.Sizeof(ts[i])
	}
	if size > end {
		f.zeroBytes(dst, off+int64(end), size-end)
	}
}

// putExpr evaluates an expression and stores it as a value of type t. With pad, no byte of it is left undefined.
func (f *fn) putExpr(dst *ir.Value, off int64, e ast.Expr, t types.Type, pad bool) {
	if lit, ok := e.(*ast.TupleLit); ok {
		if tt, ok := t.(types.Tuple); ok {
			f.putElems(dst, off, lit.Elems, tt.Elems)
			return
		}
	}
	if s, ok := t.(types.String); ok {
		if text, ok := f.textOf(e); ok {
			f.putText(dst, off, text, s.Size)
			return
		}
	}
	var into *ir.Value
	if !isScalar(t) && off%8 == 0 && f.canBuildAt(e, t) {
		into = f.b.AddImm(dst, off)
		if pad && f.makesLoose(e, t) {
			f.zeroBytes(dst, off, types.Sizeof(t)) // string helpers leave what is after the NUL alone
		}
	}
	v := f.exprInto(e, into)
	if into != nil && v.V == into {
		return
	}
	f.put(dst, off, v, t, pad)
}

// canBuildAt reports whether the value of e can be built in place where a value of type t is wanted: it has the same layout.
func (f *fn) canBuildAt(e ast.Expr, t types.Type) bool {
	from := f.info.Types[e]
	switch t := t.(type) {
	case types.String:
		s, ok := from.(types.String)
		return ok && s.Size == t.Size && f.fresh(e)
	case types.Stack, types.Usym:
		return true
	case *types.Struct:
		return from == types.Type(t)
	}
	return false
}

// makesLoose reports whether the string that e makes may be followed by bytes that it does not set.
func (f *fn) makesLoose(e ast.Expr, t types.Type) bool {
	if _, ok := t.(types.String); !ok {
		return false
	}
	_, call := e.(*ast.CallExpr)
	return call
}

// put stores a value as one of type t.
func (f *fn) put(dst *ir.Value, off int64, v stdlib.Value, t types.Type, pad bool) {
	switch t := t.(type) {
	case types.String:
		f.putString(dst, off, v, t.Size, pad)
		return
	case types.Tuple:
		if from, ok := v.Type.(types.Tuple); ok {
			f.putSeq(dst, off, v.V, from.Elems, t.Elems)
			return
		}
	case types.Record:
		if from, ok := v.Type.(types.Record); ok {
			f.putSeq(dst, off, v.V, from.Types(), t.Types())
			return
		}
	}
	if isScalar(t) {
		if !isScalar(v.Type) {
			panic(fmt.Sprintf("BUG: lower: a %v is stored as a %v", v.Type, t))
		}
		f.b.Store(dst, off, width(t), f.widenStore(v, t))
		return
	}
	f.copyBytes(dst, off, v.V, 0, types.Sizeof(t))
}

// widenStore returns what the low bytes of a store are taken from: values are extended by their own sign already.
func (f *fn) widenStore(v stdlib.Value, t types.Type) *ir.Value {
	if _, ok := t.(types.Bool); ok {
		return f.convert(v, t).V
	}
	return v.V
}

// putSeq copies the elements of a tuple or record, converting each.
func (f *fn) putSeq(dst *ir.Value, off int64, src *ir.Value, from, to []types.Type) {
	fromOffsets, _, _ := types.TupleLayout(from)
	offsets, size, _ := types.TupleLayout(to)
	end := 0
	for i := range to {
		if offsets[i] > end {
			f.zeroBytes(dst, off+int64(end), offsets[i]-end)
		}
		v := f.load(place{base: src, off: int64(fromOffsets[i]), mem: memOwn}, from[i])
		f.put(dst, off+int64(offsets[i]), v, to[i], true)
		end = offsets[i] + types.Sizeof(to[i])
	}
	if size > end {
		f.zeroBytes(dst, off+int64(end), size-end)
	}
}

// tupleIndex reads x.0.
func (f *fn) tupleIndex(e *ast.TupleIndexExpr) stdlib.Value {
	x := f.expr(e.X)
	t := x.Type.(types.Tuple)
	offsets, _, _ := types.TupleLayout(t.Elems)
	return f.load(place{base: x.V, off: int64(offsets[e.N]), mem: memOwn}, t.Elems[e.N])
}

// recordField reads x.a of a record.
func (f *fn) recordField(e *ast.FieldExpr, t types.Record) stdlib.Value {
	x := f.expr(e.X)
	offsets, _, _ := types.TupleLayout(t.Types())
	for i, field := range t.Fields {
		if field.Name == e.Name {
			return f.load(place{base: x.V, off: int64(offsets[i]), mem: memOwn}, field.Type)
		}
	}
	panic(fmt.Sprintf("BUG: lower: record without the field %s", e.Name))
}
