package check

import (
	"strconv"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
)

// tuple types (a, b): element types each of its elements.
func (c *checker) tuple(e *ast.TupleLit, element func(ast.Expr) types.Type) types.Type {
	if len(e.Elems) == 0 {
		return types.Void{}
	}
	elems, t := c.elements(e.Elems, element)
	if t != nil || elems == nil {
		return t
	}
	return c.bounded(e, types.Tuple{Elems: elems})
}

// maxTuple is the size in bytes from which a tuple or record is refused. It also ends the growth of types that contain
// themselves.
const maxTuple = 1 << 14

// bounded returns t unless it is too large: then it stays so in all rounds.
func (c *checker) bounded(e ast.Expr, t types.Type) types.Type {
	if !c.grown[e] && types.Sizeof(t) <= maxTuple {
		return t
	}
	c.grown[e] = true
	c.errorf(e.Span(), "too-large", "the value would take more than %d bytes", maxTuple)
	return types.Invalid{}
}

// elements types expressions that are kept side by side. Where one is not known yet or wrong, elems is nil and the type of
// the whole is bad.
func (c *checker) elements(list []ast.Expr, element func(ast.Expr) types.Type) (elems []types.Type, bad types.Type) {
	elems = make([]types.Type, len(list))
	unknown, invalid := false, false
	for i, x := range list {
		elems[i] = element(x)
		unknown = unknown || elems[i] == nil
		invalid = invalid || elems[i] != nil && types.IsInvalid(elems[i])
	}
	switch {
	case invalid:
		return nil, types.Invalid{}
	case unknown:
		return nil, nil
	}
	return elems, nil
}

// element types an element of a tuple or record. Aggregates that stand for a number are one; the others cannot be kept.
func (c *checker) element(e ast.Expr) types.Type {
	t := c.kept(e, c.expr(e))
	switch {
	case t == nil || types.IsInvalid(t):
		return t
	case types.IsCastable(t):
		return c.plain(t)
	case types.IsAggregate(t):
		c.errorf(e.Span(), "aggregate-value", "Map type %s cannot exist inside a tuple.", t)
	case types.Equal(t, types.Void{}):
		c.errorf(e.Span(), "void-value", "a tuple element must have a value")
	default:
		return t
	}
	return types.Invalid{}
}

// record types (a=1, b="x").
func (c *checker) record(e *ast.RecordLit) types.Type {
	values := make([]ast.Expr, len(e.Fields))
	seen := map[string]bool{}
	for i, f := range e.Fields {
		values[i] = f.Value
		if seen[f.Name] {
			c.errorf(f.At, "duplicate-field", "Named argument list already contains name: %s", f.Name)
		}
		seen[f.Name] = true
	}
	elems, t := c.elements(values, c.element)
	if t != nil || elems == nil {
		return t
	}
	r := types.Record{Fields: make([]types.RecordField, len(elems))}
	for i, f := range e.Fields {
		r.Fields[i] = types.RecordField{Name: f.Name, Type: elems[i]}
	}
	return c.bounded(e, r)
}

// recordField types x.a of a record.
func (c *checker) recordField(e *ast.FieldExpr, r types.Record) types.Type {
	names := make([]string, len(r.Fields))
	for i, f := range r.Fields {
		if f.Name == e.Name {
			c.knownField(e)
			return f.Type
		}
		names[i] = f.Name
	}
	d := c.errorf(e.At, "no-field", "Record does not contain a field named '%s'", e.Name)
	if c.report {
		suggest(d, e.Name, names)
	}
	return types.Invalid{}
}

// knownField records the value of a field of a record that is written down, where that is known.
func (c *checker) knownField(e *ast.FieldExpr) {
	r, ok := e.X.(*ast.RecordLit)
	if !ok {
		return
	}
	for _, f := range r.Fields {
		if k, known := c.info.Consts[f.Value]; known && f.Name == e.Name {
			c.info.Consts[e] = k
		}
	}
}

// tupleIndex types x.0.
func (c *checker) tupleIndex(e, x ast.Expr, n constInt) types.Type {
	t := c.expr(x)
	if t == nil || types.IsInvalid(t) {
		return t
	}
	return c.elementOf(e, t, n)
}

// elementOf returns the type of an element of a tuple.
func (c *checker) elementOf(e ast.Expr, t types.Type, n constInt) types.Type {
	tuple, ok := t.(types.Tuple)
	switch {
	case !ok:
		c.errorf(e.Span(), "bad-index", "Can not access index '%d' on expression of type '%s'", n.bits, t)
	case n.negative || n.tooLarge() || n.bits >= int64(len(tuple.Elems)):
		c.errorf(e.Span(), "bad-index", "Invalid tuple index: %s. Found %d elements in tuple.", indexText(n), len(tuple.Elems))
	default:
		return tuple.Elems[n.bits]
	}
	return types.Invalid{}
}

func indexText(n constInt) string {
	if n.negative {
		return strconv.FormatInt(n.bits, 10)
	}
	return strconv.FormatUint(uint64(n.bits), 10)
}

// blockExpr types { stmts; value }.
func (c *checker) blockExpr(e *ast.BlockExpr) types.Type {
	c.stmts(e.Stmts)
	if e.Value == nil {
		return types.Void{}
	}
	return c.plain(c.expr(e.Value))
}

// ifExpr types if c { a } else { b }.
func (c *checker) ifExpr(e *ast.IfExpr) types.Type {
	cond := c.expr(e.Cond)
	ok := cond == nil || c.checkCondition(e.Cond, cond)
	if c.undecided[e] {
		return nil
	}
	then := c.expr(e.Then)
	if e.Else == nil {
		return types.Void{}
	}
	other := c.expr(e.Else)
	if !ok {
		return types.Invalid{}
	}
	return c.choice(e, e.Cond, e.Then, e.Else, then, other)
}

// recordShape is the shape of a record that is written down; it is unknown while one of its fields is.
func (c *checker) recordShape(e *ast.RecordLit, t types.Type) shape {
	r, ok := t.(types.Record)
	if !ok || len(r.Fields) != len(e.Fields) {
		return plainShape(t)
	}
	elems := make([]shape, len(e.Fields))
	for i, f := range r.Fields {
		for _, written := range e.Fields {
			if written.Name == f.Name {
				elems[i] = c.shapeOf(written.Value, c.plain(c.info.Types[written.Value]))
			}
		}
	}
	return fieldsShape(r, elems)
}

// fieldsShape is the shape of a record with the names of r.
func fieldsShape(r types.Record, elems []shape) shape {
	out := types.Record{Fields: make([]types.RecordField, len(elems))}
	for i, e := range elems {
		if e.typ == nil {
			return shape{}
		}
		out.Fields[i] = types.RecordField{Name: r.Fields[i].Name, Type: e.typ}
	}
	return shape{typ: out, elems: elems}
}

// fieldShape returns the shape of a record's field.
func fieldShape(v shape, name string) (shape, bool) {
	r, ok := v.typ.(types.Record)
	if !ok {
		return shape{}, false
	}
	for i, f := range r.Fields {
		switch {
		case f.Name != name:
		case i < len(v.elems):
			return v.elems[i], true
		default:
			return plainShape(f.Type), true
		}
	}
	return shape{}, false
}

// joinFields joins records by the names of their fields.
func joinFields(r types.Record, a, b shape) (shape, bool) {
	elems := make([]shape, len(r.Fields))
	for i, f := range r.Fields {
		other, ok := fieldShape(b, f.Name)
		if !ok {
			return shape{}, false
		}
		if elems[i], ok = join(a.elems[i], other); !ok {
			return shape{}, false
		}
	}
	return fieldsShape(r, elems), true
}

// fitsRecord is fits for records.
func fitsRecord(to types.Record, v shape) bool {
	from, ok := v.typ.(types.Record)
	if !ok || len(to.Fields) != len(from.Fields) {
		return false
	}
	for _, f := range to.Fields {
		if s, ok := fieldShape(v, f.Name); !ok || !fits(f.Type, s) {
			return false
		}
	}
	return true
}

func (c *checker) adaptTuple(e *ast.TupleLit, t types.Type) {
	to, ok := t.(types.Tuple)
	if !ok || len(to.Elems) != len(e.Elems) {
		return
	}
	for i, x := range e.Elems {
		c.adapt(x, to.Elems[i])
	}
	c.info.Types[e] = t
}

// adaptRecord leaves the fields in the order of the place where the record is used.
func (c *checker) adaptRecord(e *ast.RecordLit, t types.Type) {
	to, ok := t.(types.Record)
	if !ok || len(to.Fields) != len(e.Fields) {
		return
	}
	for _, f := range e.Fields {
		if s, ok := fieldShape(plainShape(t), f.Name); ok {
			c.adapt(f.Value, s.typ)
		}
	}
	c.info.Types[e] = t
}
