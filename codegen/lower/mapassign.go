package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// The flags of map_update_elem.
const (
	updateAny     = 0
	updateNoExist = 1
)

func (f *fn) assignMap(s *ast.AssignStmt, m *ast.MapExpr) {
	info := f.mapOf(m)
	switch {
	case s.Op == ast.AssignNone && types.IsAggregate(info.Value):
		f.aggregate(info, m, s.Value)
	case s.Op == ast.AssignNone:
		f.setMap(info, m, s.Value)
	case s.Op == ast.Add || s.Op == ast.Sub:
		f.addToMap(s, info, m)
	default:
		p := f.slotOf(info, f.keyOf(info, m))
		f.updateAt(s, info, p)
	}
}

// updateAt is `@m[k] op= e` at the address of the value: a load, the operation and a store.
func (f *fn) updateAt(s *ast.AssignStmt, info *mapInfo, p mapSlot) {
	p.use(f, func(addr *ir.Value) {
		old := f.b.Load(addr, 0, width(info.Value), types.IsSigned(info.Value))
		r := f.compound(s, old, func() *ir.Value { return f.number(s.Value) }, info.Value)
		f.b.Store(addr, 0, width(info.Value), r.V)
	})
}

// addToMap is += and -= on a plain integer, one atomic instruction. Values take at least 8 bytes in the map, so narrow ones
// are added to as 64-bit numbers: their own bytes come out right, and the others do not matter.
func (f *fn) addToMap(s *ast.AssignStmt, info *mapInfo, m *ast.MapExpr) {
	n := f.number(s.Value)
	if p, ok := info.Value.(types.Pointer); ok {
		n = f.b.Binary(ir.OpMul, n, f.b.Const(max(1, sizeof(p.Elem))))
	}
	if s.Op == ast.Sub {
		n = f.b.Neg(n)
	}
	f.slotOf(info, f.keyOf(info, m)).use(f, func(addr *ir.Value) { f.b.AtomicAdd(addr, 0, 8, n) })
}

// incDec is ++ and -- on a variable or a map.
func (f *fn) incDec(e *ast.IncDecExpr, wanted bool) stdlib.Value {
	step := int64(1)
	t := f.info.Types[e.X]
	if p, ok := t.(types.Pointer); ok {
		step = max(1, sizeof(p.Elem))
	}
	if e.Dec {
		step = -step
	}
	switch x := e.X.(type) {
	case *ast.VarExpr:
		v := f.info.Vars[x]
		old := f.readVar(v)
		now := f.widen(f.fit(f.b.AddImm(old, step), v.Type), v.Type).V
		f.writeVar(v, now)
		if e.Postfix {
			now = old
		}
		return stdlib.Value{V: now, Type: forget(v.Type)}
	case *ast.MapExpr:
		return f.incDecMap(e, x, step, wanted)
	default: // no other type matters here
	}
	panic("BUG: lower: ++ or -- on something that is neither variable nor map")
}

func (f *fn) incDecMap(e *ast.IncDecExpr, m *ast.MapExpr, step int64, wanted bool) stdlib.Value {
	info := f.mapOf(m)
	p := f.slotOf(info, f.keyOf(info, m))
	if !wanted {
		p.use(f, func(addr *ir.Value) { f.b.AtomicAdd(addr, 0, 8, f.b.Const(step)) })
		return stdlib.Value{Type: types.Void{}}
	}
	result := f.b.NewVariable(ir.I64)
	f.b.Define(result, f.b.Const(0))
	p.use(f, func(addr *ir.Value) {
		var old *ir.Value
		if f.target.Has(target.AtomicFetch) {
			old = f.b.XchgAdd(addr, 0, 8, f.b.Const(step))
		} else {
			old = f.b.Load(addr, 0, 8, false)
			f.b.AtomicAdd(addr, 0, 8, f.b.Const(step))
		}
		if !e.Postfix {
			old = f.b.AddImm(old, step)
		}
		f.b.Define(result, f.b.Extend(old, width(info.Value), types.IsSigned(info.Value)))
	})
	return stdlib.Value{V: f.b.Use(result), Type: forget(info.Value)}
}

// setMap is `@m[k] = e`.
func (f *fn) setMap(info *mapInfo, m *ast.MapExpr, e ast.Expr) {
	if info.scalar() {
		addr := f.b.MapValue(info.spec, 0)
		pad := !isLoose(info.Value)
		if isScalar(info.Value) || f.fresh(e) {
			f.putExpr(addr, 0, e, info.Value, pad)
		} else {
			f.put(addr, 0, f.expr(e), info.Value, pad)
		}
		f.b.Store(addr, int64(info.size), 8, f.b.Const(1))
		return
	}
	val := f.Temp("value", info.size, 8)
	f.putExpr(val, 0, e, info.Value, !isLoose(info.Value))
	if n := types.Sizeof(info.Value); n < info.size {
		f.zeroBytes(val, int64(n), info.size-n)
	}
	key := f.keyOf(info, m)
	ret := f.b.Call(ir.HelperMapUpdateElem, f.b.MapPtr(info.spec), key, val, f.b.Const(updateAny))
	failed, done := f.b.NewBlock("not_stored"), f.b.NewBlock("stored")
	f.b.Branch(ret, failed, done)
	f.enter(failed)
	f.countLost(f.lostIndex(info))
	f.b.Jump(done)
	f.enter(done)
}

// fresh reports whether the value of e is made anew, so that building it over a map's value reads nothing that is
// overwritten.
func (f *fn) fresh(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident, *ast.StringLit:
		return true
	case *ast.CallExpr:
		if f.info.Funcs[e] != nil {
			return false // what is in the function may read it
		}
		for _, a := range e.Args {
			if !isScalar(f.info.Types[a]) {
				return false
			}
		}
		return true
	default: // no other type matters here
	}
	return false
}

// aggregate is `@m[k] = count()` and its like. The arguments come first, then the map is looked up.
func (f *fn) aggregate(info *mapInfo, m *ast.MapExpr, e ast.Expr) {
	b := f.builtin(e)
	if b.Update == nil {
		panic("BUG: lower: a map of aggregates is assigned something else")
	}
	call := f.callOf(e)
	call.Result, call.Shared = info.Value, !info.perCPU || info.shared || f.b.Func.Reentrant
	var bucket *ir.Value
	call.SetBucket = func(n *ir.Value) { bucket = n }
	update := b.Update(f, call)
	key := f.keyOf
	if bucket != nil {
		key = func(info *mapInfo, m *ast.MapExpr) *ir.Value { return f.seriesKey(info, m, bucket) }
	}
	f.slotOf(info, key(info, m)).use(f, update)
}

// seriesKey returns the address of the key of an interval.
func (f *fn) seriesKey(info *mapInfo, m *ast.MapExpr, interval *ir.Value) *ir.Value {
	size, at := types.SeriesKey(info.Key)
	key := f.Temp("key", size, 8)
	if info.Key != nil {
		f.putExpr(key, 0, m.Key, info.Key, true)
		f.zeroBytes(key, int64(types.Sizeof(info.Key)), at-types.Sizeof(info.Key))
	}
	f.b.Store(key, int64(at), 8, interval)
	return key
}
