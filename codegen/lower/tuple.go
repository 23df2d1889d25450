package lower

import (
	"fmt"
	"slices"

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
	f.putElems(into, 0, fieldsOf(e, t), t.Types())
	return stdlib.Value{V: into, Type: t}
}

// fieldsOf returns the values of a record in the order of a type.
func fieldsOf(e *ast.RecordLit, t types.Record) []ast.Expr {
	byName := map[string]ast.Expr{}
	for _, field := range e.Fields {
		byName[field.Name] = field.Value
	}
	elems := make([]ast.Expr, len(t.Fields))
	for i, field := range t.Fields {
		elems[i] = byName[field.Name]
	}
	return elems
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
	if lit, ok := e.(*ast.RecordLit); ok {
		if rt, ok := t.(types.Record); ok {
			f.putElems(dst, off, fieldsOf(lit, rt), rt.Types())
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
	default: // no other type matters here
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
	case *types.Struct:
		if f.isCopy(v, t) {
			f.putArgs(dst, off, t)
			return
		}
	case types.String:
		f.putString(dst, off, v, t.Size, pad)
		return
	case types.Buffer:
		from := types.Sizeof(v.Type)
		f.copyBytes(dst, off, v.V, 0, min(from, types.Sizeof(t)))
		if n := types.Sizeof(t); n > from {
			f.zeroBytes(dst, off+int64(from), n-from)
		}
		return
	case types.Tuple:
		if from, ok := v.Type.(types.Tuple); ok {
			f.putSeq(dst, off, f.partsOf(v.V, from.Elems), t.Elems)
			return
		}
	case types.Record:
		if from, ok := v.Type.(types.Record); ok {
			f.putSeq(dst, off, reorder(f.partsOf(v.V, from.Types()), from, t), t.Types())
			return
		}
	default: // no other type matters here
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

// part is an element of a tuple or record that lies in memory.
type part struct {
	place
	t types.Type
}

// partsOf returns the elements of the tuple at an address.
func (f *fn) partsOf(src *ir.Value, elems []types.Type) []part {
	offsets, _, _ := types.TupleLayout(elems)
	out := make([]part, len(elems))
	for i, t := range elems {
		out[i] = part{place{base: src, off: int64(offsets[i]), mem: memOwn}, t}
	}
	return out
}

// reorder brings the fields of a record into the order of another.
func reorder(parts []part, from, to types.Record) []part {
	out := make([]part, len(to.Fields))
	for i, field := range to.Fields {
		j := slices.IndexFunc(from.Fields, func(g types.RecordField) bool { return g.Name == field.Name })
		out[i] = parts[j]
	}
	return out
}

// putSeq stores values as the elements of a tuple or record, converting each.
func (f *fn) putSeq(dst *ir.Value, off int64, from []part, to []types.Type) {
	offsets, size, _ := types.TupleLayout(to)
	end := 0
	for i := range to {
		if offsets[i] > end {
			f.zeroBytes(dst, off+int64(end), offsets[i]-end)
		}
		v := f.load(from[i].place, from[i].t)
		f.put(dst, off+int64(offsets[i]), v, to[i], true)
		end = offsets[i] + types.Sizeof(to[i])
	}
	if size > end {
		f.zeroBytes(dst, off+int64(end), size-end)
	}
}

// tupleIndex reads x.0.
func (f *fn) tupleIndex(e *ast.TupleIndexExpr) stdlib.Value {
	return f.elementOf(f.expr(e.X), e.N)
}

// elementOf reads an element of a tuple.
func (f *fn) elementOf(x stdlib.Value, n int) stdlib.Value {
	p := f.partsOf(x.V, x.Type.(types.Tuple).Elems)[n]
	return f.load(p.place, p.t)
}

// recordField reads x.a of a record.
func (f *fn) recordField(e *ast.FieldExpr, t types.Record) stdlib.Value {
	x := f.expr(e.X)
	if own, ok := x.Type.(types.Record); ok {
		t = own
	}
	parts := f.partsOf(x.V, t.Types())
	for i, field := range t.Fields {
		if field.Name == e.Name {
			return f.load(parts[i].place, field.Type)
		}
	}
	panic(fmt.Sprintf("BUG: lower: record without the field %s", e.Name))
}
