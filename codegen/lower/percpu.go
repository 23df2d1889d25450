package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// readAggregate reduces the values of all CPUs to the number that the aggregate stands for.
func (f *fn) readAggregate(info *mapInfo, key *ir.Value, at ast.Node) stdlib.Value {
	t := number(info.Value)
	if f.target.NumCPU() > 1 && !f.need(target.MapLookupPercpu, at.Span(), "reading "+info.Name) {
		return stdlib.Value{V: f.b.Const(0), Type: t}
	}
	switch v := info.Value.(type) {
	case types.Count, types.Sum:
		return stdlib.Value{V: f.sumCPUs(info, key), Type: t}
	case types.Min, types.Max:
		return stdlib.Value{V: f.extremeOfCPUs(info, key), Type: t}
	case types.Avg:
		return stdlib.Value{V: f.averageOfCPUs(info, key, v.Signed), Type: t}
	case types.Stats:
		return stdlib.Value{V: f.statsOfCPUs(info, key), Type: v}
	default: // no other type matters here
	}
	panic("BUG: lower: an aggregate that is no number is read")
}

// eachCPU calls visit with the address of each CPU's value. Variables that visit defines keep their values.
func (f *fn) eachCPU(info *mapInfo, key *ir.Value, visit func(addr *ir.Value)) {
	if f.target.NumCPU() == 1 {
		found, done := f.b.NewBlock("found"), f.b.NewBlock("read")
		p := f.b.Call(ir.HelperMapLookupElem, f.b.MapPtr(info.spec), key)
		f.b.Branch(p, found, done)
		f.enter(found)
		visit(p)
		f.b.Jump(done)
		f.enter(done)
		return
	}
	cpu := f.b.NewVariable(ir.I64)
	head, body, found, done := f.b.NewBlock("cpus"), f.b.NewBlock("cpu"), f.b.NewBlock("found"), f.b.NewBlock("all_cpus")
	f.b.Define(cpu, f.b.Const(0))
	f.b.Jump(head)
	f.b.SetBlock(head)
	f.b.Branch(f.b.Binary(ir.OpULt, f.b.Use(cpu), f.b.Const(int64(f.target.NumCPU()))), body, done)
	f.enter(body)
	p := f.b.Call(ir.HelperMapLookupPercpuElem, f.b.MapPtr(info.spec), key, f.b.Use(cpu))
	f.b.Branch(p, found, done) // no such key
	f.enter(found)
	visit(p)
	f.b.Define(cpu, f.b.AddImm(f.b.Use(cpu), 1))
	f.b.Jump(head)
	f.b.Seal(head)
	f.enter(done)
}

func (f *fn) sumCPUs(info *mapInfo, key *ir.Value) *ir.Value {
	total := f.b.NewVariable(ir.I64)
	f.b.Define(total, f.b.Const(0))
	f.eachCPU(info, key, func(p *ir.Value) {
		f.b.Define(total, f.b.Binary(ir.OpAdd, f.b.Use(total), f.b.Load(p, 0, 8, false)))
	})
	return f.b.Use(total)
}

// totalOfCPUs adds up {total, count}.
func (f *fn) totalOfCPUs(info *mapInfo, key *ir.Value) (total, count *ir.Value) {
	t, n := f.b.NewVariable(ir.I64), f.b.NewVariable(ir.I64)
	f.b.Define(t, f.b.Const(0))
	f.b.Define(n, f.b.Const(0))
	f.eachCPU(info, key, func(p *ir.Value) {
		f.b.Define(t, f.b.Binary(ir.OpAdd, f.b.Use(t), f.b.Load(p, 0, 8, false)))
		f.b.Define(n, f.b.Binary(ir.OpAdd, f.b.Use(n), f.b.Load(p, 8, 8, false)))
	})
	return f.b.Use(t), f.b.Use(n)
}

// statsOfCPUs is {total, count} in memory.
func (f *fn) statsOfCPUs(info *mapInfo, key *ir.Value) *ir.Value {
	total, count := f.totalOfCPUs(info, key)
	dst := f.object("stats", info.Value)
	f.b.Store(dst, 0, 8, total)
	f.b.Store(dst, 8, 8, count)
	return dst
}

// averageOfCPUs is the total over the count, or 0 if nothing was counted.
func (f *fn) averageOfCPUs(info *mapInfo, key *ir.Value, signed bool) *ir.Value {
	total, n := f.totalOfCPUs(info, key)
	result := f.b.NewVariable(ir.I64)
	some, done := f.b.NewBlock("some"), f.b.NewBlock("average")
	f.b.Define(result, f.b.Const(0))
	f.b.Branch(n, some, done)
	f.enter(some)
	f.b.Define(result, f.quotient(ast.Div, total, n, signed))
	f.b.Jump(done)
	f.enter(done)
	return f.b.Use(result)
}

// extremeOfCPUs is the least or greatest number that a CPU saw, 0 if none did.
func (f *fn) extremeOfCPUs(info *mapInfo, key *ir.Value) *ir.Value {
	best, seen, result := f.b.NewVariable(ir.I64), f.b.NewVariable(ir.I64), f.b.NewVariable(ir.I64)
	f.b.Define(best, f.b.Const(0))
	f.b.Define(seen, f.b.Const(0))
	f.eachCPU(info, key, func(p *ir.Value) {
		take, next := f.b.NewBlock("take"), f.b.NewBlock("next")
		n := f.b.Load(p, 0, 8, false)
		f.b.Define(seen, f.b.Binary(ir.OpOr, f.b.Use(seen), f.b.Load(p, 8, 8, false)))
		f.b.Branch(f.b.Binary(ir.OpULt, f.b.Use(best), n), take, next)
		f.enter(take)
		f.b.Define(best, n)
		f.b.Jump(next)
		f.enter(next)
	})
	some, done := f.b.NewBlock("some"), f.b.NewBlock("extreme")
	f.b.Define(result, f.b.Const(0))
	f.b.Branch(f.b.Use(seen), some, done)
	f.enter(some)
	f.b.Define(result, f.b.Binary(ir.OpXor, f.b.Use(best), f.b.Const(int64(types.ExtremeMask(info.Value)))))
	f.b.Jump(done)
	f.enter(done)
	return f.b.Use(result)
}

// deleteAggregate clears the values of all CPUs of a scalar map. Kernels that do not let a program reach other CPUs' values
// leave it to user space.
func (f *fn) deleteAggregate(info *mapInfo) *ir.Value {
	if f.target.NumCPU() > 1 && !f.target.Has(target.MapLookupPercpu) {
		f.Send(stdlib.Action{Kind: "clear", Map: info.Name})
		return f.b.Const(1)
	}
	was := f.b.NewVariable(ir.I64)
	f.b.Define(was, f.b.Const(0))
	f.eachCPU(info, f.scalarKey(info), func(p *ir.Value) {
		f.b.Define(was, f.b.Binary(ir.OpOr, f.b.Use(was), f.b.Load(p, int64(info.size), 8, false)))
		f.zeroBytes(p, 0, info.size+8)
	})
	return f.b.Use(was)
}
