package check

import (
	"fmt"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/cdef"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

// expr types an expression and all that is in it. The result is nil while it depends on a slot whose type is not known yet,
// and Invalid if it was diagnosed.
func (c *checker) expr(e ast.Expr) types.Type {
	t := c.exprType(e)
	if t == nil && c.report {
		t = types.Invalid{}
	}
	c.info.Types[e] = t
	return t
}

func (c *checker) exprType(e ast.Expr) types.Type {
	switch e := e.(type) {
	case *ast.IntLit:
		return c.literal(e, fromUint(e.Value))
	case *ast.StringLit:
		return c.stringLit(e)
	case *ast.BoolLit:
		return c.boolean(e, e.Value)
	case *ast.PosParam:
		return c.posParam(e, false)
	case *ast.Ident:
		return c.ident(e)
	case *ast.VarExpr:
		return c.varExpr(e)
	case *ast.MapExpr:
		return c.mapExpr(e)
	case *ast.CallExpr:
		return c.call(e, false)
	case *ast.BinaryExpr:
		return c.binary(e)
	case *ast.UnaryExpr:
		return c.unary(e)
	case *ast.IncDecExpr:
		return c.incDec(e)
	case *ast.TernaryExpr:
		return c.ternary(e)
	case *ast.FieldExpr:
		return c.field(e)
	case *ast.IndexExpr:
		return c.index(e)
	case *ast.CastExpr:
		return c.cast(e)
	case *ast.SizeofExpr:
		return c.sizeof(e)
	case *ast.OffsetofExpr:
		return c.offsetof(e)
	case *ast.TupleLit:
		return c.tuple(e, c.element)
	case *ast.TupleIndexExpr:
		return c.tupleIndex(e, e.X, constInt{bits: int64(e.N)})
	case *ast.RecordLit:
		return c.record(e)
	case *ast.BlockExpr:
		return c.blockExpr(e)
	case *ast.IfExpr:
		return c.ifExpr(e)
	case *ast.TypeofExpr:
		c.errorf(e.At, "unknown-function", "Unknown function: 'typeof'").
			Hintf("a type is no value; is_integer(x), is_str(x) and their like ask about one")
		return types.Invalid{}
	case *ast.TypeinfoExpr:
		return c.typeinfo(e)
	case *ast.ComptimeExpr:
		return c.comptime(e)
	case *ast.BadExpr:
		return types.Invalid{}
	}
	panic(fmt.Sprintf("BUG: check: unexpected expression %T", e))
}

func (c *checker) stringLit(e *ast.StringLit) types.Type {
	if !c.checkLength(e.At, e.Value) {
		return types.Invalid{}
	}
	return c.text(e, e.Value)
}

// checkLength refuses text of the script that is longer than strings are.
func (c *checker) checkLength(at diag.Span, text string) bool {
	limit := c.info.Config.MaxStrlen
	if len(text) < limit {
		return true
	}
	c.errorf(at, "long-string", "String is too long (over %d bytes): %s", limit, text).Hintf("the max_strlen config variable sets the limit")
	return false
}

// posParam types $1 and $#: numbers by their look, else strings; always a string where text is asked for.
func (c *checker) posParam(e *ast.PosParam, asText bool) types.Type {
	if e.Count {
		return c.literal(e, fromUint(uint64(len(c.opts.Params))))
	}
	v, given := c.param(e.N)
	switch {
	case asText:
		return c.text(e, v)
	case !given:
		c.warnf(e.At, "missing-param", "Positional parameter $%d is empty or not provided.", e.N)
		return c.literal(e, fromUint(0))
	}
	if n, ok := paramNumber(v); ok {
		return c.literal(e, n)
	}
	return c.text(e, v)
}

// enumerator is what the host says about a name.
type enumerator struct {
	value int64
	typ   types.Type
	known bool
}

// ident types a bare name: a builtin, what the script defines in C, a constant of the headers, or an enumerator of the kernel.
func (c *checker) ident(e *ast.Ident) types.Type {
	sig, ok := c.opts.Builtins.Signature(e.Name)
	if ok && (!sig.Call || sig.BareOK) {
		return c.builtin(e, e.Name, sig, nil)
	}
	if t, ok := c.cConst(e); ok {
		return t
	}
	if v, known := cdef.Constant(e.Name); known {
		return c.literal(e, fromInt(v))
	}
	if v := c.enumerator(e.Name); v.known {
		c.info.Consts[e] = Const{Int: v.value}
		return v.typ
	}
	d := c.errorf(e.At, "unknown-identifier", "Unknown identifier: '%s'", e.Name)
	if ok {
		d.Hintf("it is a function: %s()", e.Name)
	} else if c.report {
		suggest(d, e.Name, c.opts.Builtins.Names())
	}
	return types.Invalid{}
}

func (c *checker) enumerator(name string) enumerator {
	v, ok := c.names[name]
	if !ok && c.opts.Host != nil {
		v.value, v.typ, v.known = c.opts.Host.EnumValue(name)
		c.names[name] = v
	}
	return v
}

func (c *checker) varExpr(e *ast.VarExpr) types.Type {
	t := c.slotType(e)
	if t == nil {
		c.errorf(e.At, "unknown-type", "Could not resolve the type of this variable").
			Hintf("$%s is read before anything was assigned to it", e.Name)
	}
	return t
}

// mapExpr types a map whose value is wanted.
func (c *checker) mapExpr(e *ast.MapExpr) types.Type {
	if e.Key != nil {
		c.mapKey(e)
	}
	if c.badMaps[e] {
		return types.Invalid{}
	}
	m := c.maps["@"+e.Name]
	m.read = true
	return m.value.typ()
}

// mapKey types the key of a map and adds it to the map's keys.
func (c *checker) mapKey(e *ast.MapExpr) {
	t := c.keyType(e.Key)
	if c.badMaps[e] {
		return
	}
	m := c.maps["@"+e.Name]
	c.storeKey(m, e, e.Key, t)
}

// keyType types an expression that stands in brackets: several keys are a tuple.
func (c *checker) keyType(e ast.Expr) types.Type {
	tuple, ok := e.(*ast.TupleLit)
	if !ok {
		return c.keyElem(e)
	}
	t := c.tuple(tuple, c.keyElem)
	c.info.Types[e] = t
	return t
}

// keyElem types one key. Aggregates that stand for a number are one; void and the others cannot be keys.
func (c *checker) keyElem(e ast.Expr) types.Type {
	t := c.kept(e, c.expr(e))
	switch {
	case t == nil || types.IsInvalid(t):
		return t
	case types.IsCastable(t):
		n, _ := types.Number(t)
		return n
	case types.IsAggregate(t), types.Equal(t, types.Void{}):
		c.errorf(e.Span(), "bad-key", "Value '%s' cannot be used as a map key.", t)
		return types.Invalid{}
	}
	return t
}

// storeKey adds a key to a map's keys; it complains in the last round if it does not fit.
func (c *checker) storeKey(m *scriptMap, at ast.Node, e ast.Expr, t types.Type) {
	if t == nil || types.IsInvalid(t) {
		return
	}
	v := c.shapeOf(e, t)
	m.key.put(v)
	if !c.report {
		return
	}
	if !m.key.accepts(v) {
		c.errorf(at.Span(), "key-mismatch", "Argument mismatch for %s: trying to access with arguments: '%s' when map expects arguments: '%s'",
			m.m.Name, t, m.key.typ())
		return
	}
	c.adapt(e, m.key.typ())
}

// assignMap types an assignment to a map.
func (c *checker) assignMap(s *ast.AssignStmt, target *ast.MapExpr) {
	if target.Key != nil {
		c.mapKey(target)
	}
	if c.badMaps[target] {
		c.info.Types[target] = types.Invalid{}
		c.mapValue(s)
		return
	}
	m := c.maps["@"+target.Name]
	c.mapWords[target.Name] = c.word(s.Value)
	c.info.Types[target] = m.value.typ()
	if s.Op != ast.AssignNone {
		m.read = true
		c.storeResult(s, &m.value, m.m.Name, "map", c.compound(s, &m.value))
		return
	}
	t := c.mapValue(s)
	if t == nil || types.IsInvalid(t) {
		c.poison(&m.value, t)
		return
	}
	c.storeMap(m, s, t)
}

// mapValue types what is assigned to a map. An aggregate may stand there, and nowhere else.
func (c *checker) mapValue(s *ast.AssignStmt) types.Type {
	if call, ok := s.Value.(*ast.CallExpr); ok && s.Op == ast.AssignNone {
		t := c.call(call, true)
		c.info.Types[call] = t
		return t
	}
	return c.kept(s.Value, c.expr(s.Value))
}

func (c *checker) storeMap(m *scriptMap, s *ast.AssignStmt, t types.Type) {
	_, isCall := s.Value.(*ast.CallExpr)
	switch {
	case types.Equal(t, types.Void{}):
		c.errorf(s.At, "void-value", "Value 'void' cannot be assigned to a map.")
		return
	case types.IsAggregate(t) && !isCall && m.holdsNumbers() && types.IsCastable(t):
		t = c.plain(t)
	case types.IsAggregate(t) && !isCall:
		d := c.errorf(s.At, "aggregate-value", "Map value '%s' cannot be assigned from one map to another. The function that returns this "+
			"type must be called directly e.g. `%s = %s;`.", t, m.m.Name, aggregateCall(t))
		if types.IsCastable(t) {
			d.Hintf("Add a cast to integer if you want the value of the aggregate, e.g. `%s = (int64)%s;`.", m.m.Name, s.Value.Span().Text())
		}
		return
	}
	if c.report && c.hasOtherBounds(m, s, t) {
		return
	}
	at := s.At
	if types.IsAggregate(t) {
		at = s.Value.Span()
	}
	c.store(&m.value, at, m.m.Name, "map", t, s.Value)
	if w, ok := types.Widen(t, m.value.typ()); c.report && ok && types.IsAggregate(w) {
		c.info.Types[s.Value] = m.value.typ() // signed in one place is signed in all
	}
}

// holdsNumbers reports whether a map holds numbers by other assignments, so that an aggregate that is assigned to it is read.
func (m *scriptMap) holdsNumbers() bool {
	_, ok := m.value.typ().(types.Int)
	return ok
}

// hasOtherBounds reports a histogram that is not divided as the map's others.
func (c *checker) hasOtherBounds(m *scriptMap, s *ast.AssignStmt, t types.Type) bool {
	switch t := t.(type) {
	case types.Hist:
		old, ok := m.value.typ().(types.Hist)
		if !ok || old.Fit != t.Fit || (old.Quantiles == "") != (t.Quantiles == "") {
			return false
		}
		if old.Quantiles != t.Quantiles {
			c.errorf(s.Value.Span(), "histogram-bounds", "Different percentages for a single map of quantiles").
				Hintf("this map has: %s", old.Quantiles)
			return true
		}
		if old.Bits != t.Bits {
			c.errorf(s.Value.Span(), "histogram-bounds", "Different bits in a single hist unsupported")
			return true
		}
	case types.LHist:
		if old, ok := m.value.typ().(types.LHist); ok && old != t {
			c.errorf(s.Value.Span(), "histogram-bounds", "Different lhist bounds in a single map unsupported")
			return true
		}
	case types.TSeries:
		if old, ok := m.value.typ().(types.TSeries); ok && old != t {
			c.errorf(s.Value.Span(), "histogram-bounds", "Different tseries bounds in a single map unsupported")
			return true
		}
	default: // no other type matters here
	}
	return false
}

// aggregateCall returns a call of the function that makes an aggregate.
func aggregateCall(t types.Type) string {
	switch t := t.(type) {
	case types.Count:
		return "count()"
	case types.Sum:
		return "sum(retval)"
	case types.Min:
		return "min(retval)"
	case types.Max:
		return "max(retval)"
	case types.Avg:
		return "avg(retval)"
	case types.Stats:
		return "stats(arg2)"
	case types.Hist:
		switch {
		case t.Quantiles != "":
			return "quantile(retval)"
		case t.Fit:
			return "llhist(retval)"
		}
		return "hist(retval)"
	case types.LHist:
		return "lhist(rand %10, 0, 10, 1)"
	case types.TSeries:
		return "tseries(rand %10, 10s, 1)"
	default: // no other type matters here
	}
	panic(fmt.Sprintf("BUG: check: %T is no aggregate", t))
}

// number returns the integer type that a value counts as in arithmetic.
func (c *checker) number(t types.Type) (types.Int, bool) {
	switch t := t.(type) {
	case types.Int:
		return t, true
	case types.Bool:
		return types.Uint8, true
	case *types.Enum:
		return types.Int{Size: t.Size, Signed: t.Signed}, true
	default: // no other type matters here
	}
	return types.Number(t)
}

// kindWord names the kind of a type as bpftrace does where the type itself says too much.
func kindWord(t types.Type) string {
	switch t := t.(type) {
	case nil, types.Invalid, types.Void:
		return "none"
	case types.Int:
		return "int"
	case types.String:
		return "string"
	case types.Pointer:
		return "pointer"
	case types.Tuple:
		return "tuple"
	case types.Record:
		return "record"
	case types.Array:
		return "array"
	case types.Stack:
		if t.User {
			return "ustack"
		}
		return "kstack"
	default: // no other type matters here
	}
	return t.String()
}
