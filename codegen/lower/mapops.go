package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// mapOf returns the layout of the map that an expression names.
func (f *fn) mapOf(e *ast.MapExpr) *mapInfo { return f.maps["@"+e.Name] }

func (f *fn) lostIndex(info *mapInfo) int { return object.LostMaps + info.index }

// keyOf returns the address of the key of a map expression; for scalar maps, of the only key of a per-CPU array, or nil.
func (f *fn) keyOf(info *mapInfo, e *ast.MapExpr) *ir.Value {
	if info.scalar() {
		return f.scalarKey(info)
	}
	return f.key(info, &arg{fn: f, e: e.Key})
}

// scalarKey is the key 0 of a per-CPU array.
func (f *fn) scalarKey(info *mapInfo) *ir.Value {
	if !info.perCPU {
		return nil
	}
	return f.mapIndex(f.b.Const(0))
}

// key returns the address of a key. Values that lie in memory as a key does are used where they are.
func (f *fn) key(info *mapInfo, a *arg) *ir.Value {
	if v, ok := a.e.(*ast.VarExpr); ok && !isScalar(info.Key) && !isLoose(info.Key) {
		if f.info.Vars[v].Type.String() == info.Key.String() {
			return f.variable(v).V
		}
	}
	size := types.Sizeof(info.Key)
	key := f.Temp("key", max(1, size), min(8, max(types.Alignof(info.Key), wordAt(0, size))))
	if size == 0 {
		f.b.Store(key, 0, 1, f.b.Const(0))
	}
	f.putExpr(key, 0, a.e, info.Key, true)
	return key
}

// mapSlot is a value in a map that is going to be changed in place.
type mapSlot struct {
	info *mapInfo
	key  *ir.Value
}

func (f *fn) slotOf(info *mapInfo, key *ir.Value) mapSlot { return mapSlot{info, key} }

// use calls change with the address of the value of the running CPU, making the key first if it is not there. A key that
// cannot be made, for lack of room, is counted.
func (s mapSlot) use(f *fn, change func(addr *ir.Value)) {
	if s.info.single() {
		s.useScalar(f, change)
		return
	}
	addr := f.b.NewVariable(ir.Ptr)
	missing, found := f.b.NewBlock("missing"), f.b.NewBlock("found")
	lost, done := f.b.NewBlock("lost"), f.b.NewBlock("done")
	p := f.b.Call(ir.HelperMapLookupElem, f.b.MapPtr(s.info.spec), s.key)
	f.b.Define(addr, p)
	f.b.Branch(p, found, missing)

	f.enter(missing)
	f.b.Call(ir.HelperMapUpdateElem, f.b.MapPtr(s.info.spec), s.key, f.zeroValue(s.info.size), f.b.Const(updateNoExist))
	p = f.b.Call(ir.HelperMapLookupElem, f.b.MapPtr(s.info.spec), s.key)
	f.b.Define(addr, p)
	f.b.Branch(p, found, lost)

	f.enter(found)
	change(f.b.Use(addr))
	f.b.Jump(done)

	f.enter(lost)
	f.countLost(f.lostIndex(s.info))
	f.b.Jump(done)
	f.enter(done)
}

func (s mapSlot) useScalar(f *fn, change func(addr *ir.Value)) {
	if !s.info.perCPU {
		addr := f.b.MapValue(s.info.spec, 0)
		change(addr)
		f.b.Store(addr, int64(s.info.size), 8, f.b.Const(1))
		return
	}
	found, done := f.b.NewBlock("found"), f.b.NewBlock("done")
	p := f.b.Call(ir.HelperMapLookupElem, f.b.MapPtr(s.info.spec), s.key)
	f.b.Branch(p, found, done)
	f.enter(found)
	f.b.Store(p, int64(s.info.size), 8, f.b.Const(1))
	change(p)
	f.b.Jump(done)
	f.enter(done)
}

// zeroValue returns the address of size zero bytes.
func (f *fn) zeroValue(size int) *ir.Value {
	if size > largeZero {
		f.zero = max(f.zero, size)
		return f.b.MapValue(zeroMap, 0)
	}
	zero := f.Temp("zero", size, 8)
	f.zeroBytes(zero, 0, size)
	return zero
}

// countLost adds one to a counter of losses.
// countLost adds one to a counter of what is lost, which programs on all CPUs share: that takes no helper, for which the kernel would move
// all of a long program.
func (f *fn) countLost(index int) {
	f.b.AtomicAdd(f.b.MapValue(object.LostMap, int64(8*index)), 0, 8, f.b.Const(1))
}

// Lost counts a lost event.
func (f *fn) Lost() { f.countLost(object.LostEvents) }

// countIn adds one to a counter of a per-CPU array.
func (f *fn) countIn(counters string, index int) {
	key := f.mapIndex(f.b.Const(int64(index)))
	counter, done := f.b.NewBlock("counter"), f.b.NewBlock("counted")
	p := f.b.Call(ir.HelperMapLookupElem, f.b.MapPtr(counters), key)
	f.b.Branch(p, counter, done)
	f.enter(counter)
	f.b.AtomicAdd(p, 0, 8, f.b.Const(1)) // programs that interrupt each other have the same counters
	f.b.Jump(done)
	f.enter(done)
}

// mapValue reads @m or @m[k]. A key that is not there reads as zero.
func (f *fn) mapValue(e *ast.MapExpr, into *ir.Value) stdlib.Value {
	info := f.mapOf(e)
	switch {
	case info.perCPU:
		return f.readAggregate(info, f.keyOf(info, e), e)
	case info.scalar() && isScalar(info.Value):
		v := f.b.Load(f.b.MapValue(info.spec, 0), 0, width(info.Value), types.IsSigned(info.Value))
		return stdlib.Value{V: v, Type: forget(info.Value)}
	case info.scalar():
		return stdlib.Value{V: f.b.MapValue(info.spec, 0), Type: info.Value, Loose: isLoose(info.Value)}
	case isScalar(info.Value):
		return f.lookupScalar(info, f.keyOf(info, e))
	}
	return f.lookupObject(info, f.keyOf(info, e), into)
}

func (f *fn) lookupScalar(info *mapInfo, key *ir.Value) stdlib.Value {
	result := f.b.NewVariable(ir.I64)
	found, done := f.b.NewBlock("found"), f.b.NewBlock("read")
	f.b.Define(result, f.b.Const(0))
	p := f.b.Call(ir.HelperMapLookupElem, f.b.MapPtr(info.spec), key)
	f.b.Branch(p, found, done)
	f.enter(found)
	f.b.Define(result, f.b.Load(p, 0, width(info.Value), types.IsSigned(info.Value)))
	f.b.Jump(done)
	f.enter(done)
	return stdlib.Value{V: f.b.Use(result), Type: forget(info.Value)}
}

// lookupObject copies a value out of a map: another CPU may delete it meanwhile.
func (f *fn) lookupObject(info *mapInfo, key, into *ir.Value) stdlib.Value {
	if into == nil {
		into = f.object("looked_up", info.Value)
	}
	found, missing, done := f.b.NewBlock("found"), f.b.NewBlock("missing"), f.b.NewBlock("read")
	p := f.b.Call(ir.HelperMapLookupElem, f.b.MapPtr(info.spec), key)
	f.b.Branch(p, found, missing)
	f.enter(found)
	v := stdlib.Value{V: p, Type: info.Value, Loose: isLoose(info.Value)}
	if s, ok := info.Value.(types.String); ok {
		f.putString(into, 0, v, s.Size, false)
	} else {
		f.copyBytes(into, 0, p, 0, types.Sizeof(info.Value))
	}
	f.b.Jump(done)
	f.enter(missing)
	f.zeroBytes(into, 0, types.Sizeof(info.Value))
	f.b.Jump(done)
	f.enter(done)
	return stdlib.Value{V: into, Type: info.Value, Loose: isLoose(info.Value)}
}

// Find looks a key up and gives its value to a variable.
func (f *fn) Find(name string, key, into stdlib.Arg) *ir.Value {
	info, v := f.maps[name], f.info.Vars[into.(*arg).e.(*ast.VarExpr)]
	st := f.storage(v)
	result := f.b.NewVariable(ir.I64)
	found, done := f.b.NewBlock("found"), f.b.NewBlock("find")
	at := f.key(info, key.(*arg))
	p := f.b.Call(ir.HelperMapLookupElem, f.b.MapPtr(info.spec), at)
	f.b.Define(result, f.b.Const(0))
	if !st.inMemory() && st.cell == nil {
		f.b.Define(st.v, f.b.Use(st.v)) // a value on both ways
	}
	f.b.Branch(p, found, done)
	f.enter(found)
	var x stdlib.Value
	if info.perCPU {
		x = f.readAggregate(info, at, into.(*arg).e)
	} else {
		x = f.load(place{base: p, mem: memOwn}, info.Value)
	}
	if st.inMemory() {
		x.Loose = isLoose(info.Value)
		f.put(f.addressOf(v), 0, x, v.Type, !isLoose(v.Type))
	} else {
		f.writeVar(v, f.widen(x, v.Type).V)
	}
	f.b.Define(result, f.b.Const(1))
	f.b.Jump(done)
	f.enter(done)
	return f.b.Use(result)
}

// MapLen counts the keys of a map.
func (f *fn) MapLen(name string) *ir.Value {
	if !f.need(target.ForEachMapElem, f.span(), "len() of a map") {
		return f.b.Const(0)
	}
	c := f.newCallback("len", &ast.Block{}, []ir.Type{ir.Ptr, ir.Ptr, ir.Ptr, ir.Ptr}, 3)
	c.fill(func(*fn, []*ir.Value) {})
	var n *ir.Value
	c.call(func(callback, frame *ir.Value) {
		n = f.b.Call(ir.HelperForEachMapElem, f.b.MapPtr(f.maps[name].spec), callback, frame, f.b.Const(0))
	})
	return n
}

// Has returns whether a key is in a map.
func (f *fn) Has(name string, key stdlib.Arg) *ir.Value {
	info := f.maps[name]
	if info.series() {
		f.Refuse("has_key() cannot tell for a tseries, whose keys are kept by interval")
		return f.b.Const(0)
	}
	p := f.b.Call(ir.HelperMapLookupElem, f.b.MapPtr(info.spec), f.key(info, key.(*arg)))
	result := f.b.NewVariable(ir.I64)
	found, done := f.b.NewBlock("found"), f.b.NewBlock("has")
	f.b.Define(result, f.b.Const(0))
	f.b.Branch(p, found, done)
	f.enter(found)
	f.b.Define(result, f.b.Const(1))
	f.b.Jump(done)
	f.enter(done)
	return f.b.Use(result)
}

// Delete removes a key, or the value of a scalar map, and returns whether it was there.
func (f *fn) Delete(name string, key stdlib.Arg) *ir.Value {
	info := f.maps[name]
	switch {
	case info.series(): // its intervals are spread over the map
		var keys []stdlib.Arg
		if key != nil {
			keys = []stdlib.Arg{key}
		}
		f.Send(stdlib.Action{Kind: string(object.EventClear), Map: info.Name}, keys...)
		return f.b.Const(1)
	case !info.scalar():
		ret := f.b.Call(ir.HelperMapDeleteElem, f.b.MapPtr(info.spec), f.key(info, key.(*arg)))
		return f.b.Binary(ir.OpEq, ret, f.b.Const(0))
	case info.perCPU:
		return f.deleteAggregate(info)
	}
	addr := f.b.MapValue(info.spec, 0)
	was := f.b.Load(addr, int64(info.size), 8, false)
	f.zeroBytes(addr, 0, info.size+8)
	return was
}
