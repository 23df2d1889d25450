package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// forMap is a loop over the entries of a map, each a tuple of key and value.
func (f *fn) forMap(s *ast.ForMapStmt) {
	if !f.need(target.ForEachMapElem, s.At, "a loop over a map") {
		return
	}
	info := f.mapOf(s.Map)
	c := f.newCallback("each", s.Body, []ir.Type{ir.Ptr, ir.Ptr, ir.Ptr, ir.Ptr}, 3)
	c.fill(func(g *fn, params []*ir.Value) {
		g.setEntry(s, info, params[1], params[2])
		g.block(s.Body)
	})
	c.call(func(callback, frame *ir.Value) {
		f.b.Call(ir.HelperForEachMapElem, f.b.MapPtr(info.spec), callback, frame, f.b.Const(0))
	})
}

// setEntry gives the variable of the loop the key and the value of a round, as far as the body reads them.
func (f *fn) setEntry(s *ast.ForMapStmt, info *mapInfo, key, value *ir.Value) {
	v := f.info.Vars[s.Var]
	t := v.Type.(types.Tuple)
	readsKey, readsValue := f.readsEntry(s.Body, v)
	dst := f.addressOf(v)
	parts := f.partsOf(dst, t.Elems)
	if n := types.Sizeof(t); n > types.Sizeof(t.Elems[0])+types.Sizeof(t.Elems[1]) {
		f.zeroBytes(dst, 0, n) // the gaps
	}
	if readsKey {
		at := place{base: key, mem: memOwn}
		f.put(dst, parts[0].off, f.load(at, info.Key), t.Elems[0], true)
	}
	if !readsValue {
		return
	}
	if info.perCPU {
		f.put(dst, parts[1].off, f.readAggregate(info, key, s.Map), t.Elems[1], true)
		return
	}
	at := stdlib.Value{V: value, Type: info.Value, Loose: isLoose(info.Value)}
	if isScalar(info.Value) {
		at = f.load(place{base: value, mem: memOwn}, info.Value)
	}
	f.put(dst, parts[1].off, at, t.Elems[1], true)
}

// readsEntry reports which parts of the loop's variable a body needs.
func (f *fn) readsEntry(body *ast.Block, v *check.Var) (key, value bool) {
	part := map[*ast.VarExpr]bool{}
	ast.Walk(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TupleIndexExpr:
			if x, ok := n.X.(*ast.VarExpr); ok && f.info.Vars[x] == v {
				part[x] = true
				key = key || n.N == 0
				value = value || n.N == 1
			}
		case *ast.VarExpr:
			if f.info.Vars[n] == v && !part[n] {
				key, value = true, true
			}
		}
		return true
	})
	return key, value
}
