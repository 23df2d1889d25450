package lower

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// constant returns the value of an integer that is known at compile time.
func (f *fn) constant(e ast.Expr) (int64, bool) {
	c, ok := f.info.Consts[e]
	return c.Int, ok && !c.IsStr
}

// textOf returns the text of a string that is known at compile time.
func (f *fn) textOf(e ast.Expr) (string, bool) {
	if c, ok := f.info.Consts[e]; ok && c.IsStr {
		return c.Str, true
	}
	if s, ok := e.(*ast.StringLit); ok {
		return s.Value, true
	}
	return "", false
}

// expr makes the code of an expression and returns its value.
func (f *fn) expr(e ast.Expr) stdlib.Value { return f.exprInto(e, nil) }

// number makes the code of an expression and returns its value in a register.
func (f *fn) number(e ast.Expr) *ir.Value { return f.expr(e).V }

// exprInto is expr, but a memory object may be built at into, which has room for it. The caller has to look where it is.
func (f *fn) exprInto(e ast.Expr, into *ir.Value) stdlib.Value {
	t := f.info.Types[e]
	v := f.exprOf(e, t, into)
	if s, ok := t.(*types.Struct); ok && f.isCopy(v, s) {
		return f.copyArgs(s, into)
	}
	return v
}

// exprOf is exprInto, where `args` is still the context.
func (f *fn) exprOf(e ast.Expr, t types.Type, into *ir.Value) stdlib.Value {
	if c, ok := f.info.Consts[e]; ok {
		return f.constValue(c, t, into)
	}
	if arm, ok := f.info.Chosen[e]; ok {
		return f.arm(arm, f.info.Types[arm], into)
	}
	switch e := e.(type) {
	case *ast.IntLit:
		return stdlib.Value{V: f.b.Const(int64(e.Value)), Type: t}
	case *ast.BoolLit:
		return stdlib.Value{V: f.b.Const(truth(e.Value)), Type: t}
	case *ast.StringLit:
		return f.constValue(check.Const{Str: e.Value, IsStr: true}, t, into)
	case *ast.Ident:
		return f.call(e, into)
	case *ast.CallExpr:
		if cf := f.info.Funcs[e]; cf != nil {
			return f.callFunc(e, cf)
		}
		if x := f.info.Externals[e]; x != nil {
			return f.callExternal(e, x)
		}
		return f.call(e, into)
	case *ast.VarExpr:
		return f.variable(e)
	case *ast.MapExpr:
		return f.mapValue(e, into)
	case *ast.BinaryExpr:
		return f.binary(e)
	case *ast.UnaryExpr:
		return f.unary(e, into)
	case *ast.IncDecExpr:
		return f.incDec(e, true)
	case *ast.TernaryExpr:
		return f.ternary(e, into)
	case *ast.FieldExpr:
		return f.fieldValue(e, into)
	case *ast.TupleIndexExpr:
		return f.tupleIndex(e)
	case *ast.IndexExpr:
		return f.indexValue(e, t)
	case *ast.CastExpr:
		return f.cast(e)
	case *ast.TupleLit:
		return f.tuple(e, t.(types.Tuple), into)
	case *ast.RecordLit:
		return f.record(e, t.(types.Record), into)
	case *ast.BlockExpr:
		return f.blockExpr(e, into)
	case *ast.IfExpr:
		return f.ifExpr(e, into)
	case *ast.ComptimeExpr:
		return f.exprInto(e.X, into)
	case *ast.PosParam, *ast.SizeofExpr, *ast.OffsetofExpr, *ast.TypeofExpr, *ast.TypeinfoExpr, *ast.BadExpr:
		panic(fmt.Sprintf("BUG: lower: %T has no value known at compile time", e))
	}
	panic(fmt.Sprintf("BUG: lower: unexpected expression %T", e))
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (f *fn) constValue(c check.Const, t types.Type, into *ir.Value) stdlib.Value {
	if !c.IsStr {
		return stdlib.Value{V: f.b.Const(c.Int), Type: t}
	}
	size := len(c.Str) + 1
	if s, ok := t.(types.String); ok {
		size = s.Size
	}
	return f.text(c.Str, max(1, size), into)
}

// isLoose reports whether strings of a type are kept without zeros after their NUL: long ones are.
func isLoose(t types.Type) bool {
	s, ok := t.(types.String)
	return ok && s.Size >= fullStrlen
}

func (f *fn) unary(e *ast.UnaryExpr, into *ir.Value) stdlib.Value {
	t := f.info.Types[e]
	switch e.Op {
	case ast.Not:
		return stdlib.Value{V: f.b.Binary(ir.OpEq, f.number(e.X), f.b.Const(0)), Type: t}
	case ast.BitNot:
		return f.fit(f.keepWidth(f.b.Binary(ir.OpXor, f.number(e.X), f.b.Const(-1)), e.X), t)
	case ast.Neg:
		return f.fit(f.keepWidth(f.b.Neg(f.number(e.X)), e.X), t)
	case ast.Deref:
		x := f.expr(e.X)
		if f.isArgs(x.Type) {
			return x
		}
		p := f.pointee(x)
		if isScalar(t) {
			return f.load(p, t)
		}
		if s, ok := t.(types.String); ok {
			if arr, ok := elemType(x.Type).(types.Array); ok {
				return f.charArray(p, arr, s, into)
			}
		}
		return f.loadObject(p, t, into)
	case ast.AddrOf:
		return stdlib.Value{V: f.addressTaken(e.X), Type: t}
	}
	panic(fmt.Sprintf("BUG: lower: unexpected operator %v", e.Op))
}

// keepWidth cuts -x and ~x to the bytes of x where that is a number without a sign, also behind several of these operators.
func (f *fn) keepWidth(v *ir.Value, x ast.Expr) *ir.Value {
	for u, ok := x.(*ast.UnaryExpr); ok && (u.Op == ast.Neg || u.Op == ast.BitNot); u, ok = x.(*ast.UnaryExpr) {
		x = u.X
	}
	if n, ok := f.info.Types[x].(types.Int); ok && !n.Signed && n.Size < 8 {
		return f.b.Extend(v, n.Size, false)
	}
	return v
}

// fit extends a result to 64 bits where its type is narrower.
func (f *fn) fit(v *ir.Value, t types.Type) stdlib.Value {
	if i, ok := t.(types.Int); ok && i.Size < 8 {
		v = f.b.Extend(v, i.Size, i.Signed)
	}
	return stdlib.Value{V: v, Type: t}
}

// cast converts between integers, pointers, enums and booleans.
func (f *fn) cast(e *ast.CastExpr) stdlib.Value {
	to := f.info.Types[e]
	if a, ok := to.(types.Array); ok {
		return f.arrayOf(e.X, a)
	}
	if p, ok := to.(types.Pointer); ok && isString(f.info.Types[e.X]) {
		return stdlib.Value{V: f.plainAddress(f.bytesOf(e.X)), Type: p}
	}
	v := f.expr(e.X)
	if _, ok := v.Type.(types.Array); ok && isScalar(to) {
		return f.convert(f.numberOf(v, to), to)
	}
	if _, ok := v.Type.(types.String); ok && isScalar(to) { // a bool: whether it has any text
		return f.convert(stdlib.Value{V: f.b.Load(v.V, 0, 1, false), Type: types.Uint8}, to)
	}
	if !isScalar(to) || !isScalar(v.Type) {
		if s, ok := to.(types.String); ok {
			dst := f.object("cast", s)
			f.putString(dst, 0, v, s.Size, true)
			return stdlib.Value{V: dst, Type: to}
		}
		v.Type = to
		return v
	}
	if p, ok := to.(types.Pointer); ok {
		if old, ok := v.Type.(types.Pointer); ok && p.Space == types.SpaceNone {
			p.Space = old.Space
		}
		return stdlib.Value{V: v.V, Type: forget(p)}
	}
	v.Type = number(v.Type)
	return f.convert(v, to)
}

// ternary chooses between two values; arms without a value are executed.
func (f *fn) ternary(e *ast.TernaryExpr, into *ir.Value) stdlib.Value {
	t := f.info.Types[e]
	if e.Then == nil {
		return f.elvis(e, t)
	}
	return f.choose(t, into,
		func(then, els *ir.Block) { f.cond(e.Cond, then, els) },
		func(into *ir.Value) stdlib.Value { return f.arm(e.Then, t, into) },
		func(into *ir.Value) stdlib.Value { return f.arm(e.Else, t, into) })
}

// elvis is `a ?: b`.
func (f *fn) elvis(e *ast.TernaryExpr, t types.Type) stdlib.Value {
	x := f.expr(e.Cond)
	return f.choose(t, nil,
		func(then, els *ir.Block) { f.b.Branch(x.V, then, els) },
		func(*ir.Value) stdlib.Value { return x },
		func(into *ir.Value) stdlib.Value { return f.arm(e.Else, t, into) })
}

func (f *fn) ifExpr(e *ast.IfExpr, into *ir.Value) stdlib.Value {
	t := f.info.Types[e]
	return f.choose(t, into,
		func(then, els *ir.Block) { f.cond(e.Cond, then, els) },
		func(into *ir.Value) stdlib.Value { return f.arm(e.Then, t, into) },
		func(into *ir.Value) stdlib.Value {
			if e.Else == nil {
				return stdlib.Value{Type: types.Void{}}
			}
			return f.arm(e.Else, t, into)
		})
}

// arm evaluates an arm of a choice of type t, in the place of the choice where that is possible: the parts of a tuple that is laid
// out in another way cannot be moved there within the same bytes.
func (f *fn) arm(e ast.Expr, t types.Type, into *ir.Value) stdlib.Value {
	switch t.(type) {
	case types.Tuple, types.Record:
		if !f.canBuildAt(e, t) {
			into = nil
		}
	case types.String:
		into = nil // texts are copied there, with zeros behind them: one that is there already would be overwritten
	default: // no other type is laid out in more than one way
	}
	return f.exprInto(e, into)
}

// blockExpr executes statements and evaluates the last expression, even where nothing gets there: whoever wanted the value
// goes on in code that is never reached.
func (f *fn) blockExpr(e *ast.BlockExpr, into *ir.Value) stdlib.Value {
	f.stmts(e.Stmts)
	if e.Value == nil {
		return stdlib.Value{Type: types.Void{}}
	}
	if f.b.Terminated() {
		f.enter(f.b.NewBlock("unreachable"))
	}
	return f.exprInto(e.Value, into)
}

// indexValue reads x[i].
func (f *fn) indexValue(e *ast.IndexExpr, t types.Type) stdlib.Value {
	if _, ok := f.info.Types[e.X].(types.Tuple); ok {
		n, _ := f.constant(e.Index)
		return f.elementOf(f.expr(e.X), int(n))
	}
	p := f.element(e)
	s, text := t.(types.String)
	arr, ok := elemType(f.info.Types[e.X]).(types.Array)
	switch {
	case text && ok:
		return f.charArray(p, arr, s, nil)
	case text:
		return f.loadObject(p, t, nil)
	}
	return f.load(p, t)
}

// elemType is what an array has elements of or a pointer points to.
func elemType(t types.Type) types.Type {
	switch t := t.(type) {
	case types.Array:
		return t.Elem
	case types.Pointer:
		return t.Elem
	default: // no other type matters here
	}
	return nil
}

// choose makes the code of an expression with two arms.
func (f *fn) choose(t types.Type, into *ir.Value, test func(then, els *ir.Block),
	arms ...func(into *ir.Value) stdlib.Value,
) stdlib.Value {
	_, void := t.(types.Void)
	scalar := !void && isScalar(t)
	if !void && !scalar && into == nil {
		into = f.object("choice", t)
	}
	blocks := []*ir.Block{f.b.NewBlock("then"), f.b.NewBlock("else")}
	result := f.b.NewVariable(ir.I64)
	test(blocks[0], blocks[1])
	var done *ir.Block
	for i, blk := range blocks {
		f.enter(blk)
		v := arms[i](into)
		if f.b.Terminated() {
			continue
		}
		switch {
		case scalar:
			f.b.Define(result, f.widen(v, t).V)
		case !void:
			f.put(into, 0, v, t, true)
		}
		if done == nil {
			done = f.b.NewBlock("chosen")
		}
		f.b.Jump(done)
	}
	if done == nil {
		return stdlib.Value{Type: types.Void{}}
	}
	f.enter(done)
	if scalar {
		return stdlib.Value{V: f.b.Use(result), Type: forget(t)}
	}
	return stdlib.Value{V: into, Type: t}
}

// widen converts a scalar to the type of what it is stored in; other scalars stay as they are.
func (f *fn) widen(v stdlib.Value, t types.Type) stdlib.Value {
	if _, ok := v.Type.(types.Pointer); ok {
		return v
	}
	switch t.(type) {
	case types.Int, types.Bool, *types.Enum:
		v.Type = number(v.Type)
		return f.convert(v, t)
	default: // no other type matters here
	}
	return v
}
