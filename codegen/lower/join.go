package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

const (
	// joinStrings is the largest number of strings that join prints, joinSize the size of each.
	joinStrings = 16
	joinSize    = 1024
)

// Join sends the strings that an array of pointers points to, one behind the other with their NULs, as one field. The first
// NULL ends the array.
func (f *fn) Join(a stdlib.Action, array stdlib.Value) {
	e := object.Event{
		Kind: object.EventKind(a.Kind), Format: a.Format, Place: f.module.place(f.b.Span),
		Fields: []object.EventField{{Type: types.Buffer{Size: joinStrings * joinSize}, Var: true}}, FixedSize: 8,
	}
	id := f.eventID(e)
	const start = header + 8
	rec := f.Temp("join", start+joinStrings*joinSize, 8)
	f.b.Store(rec, 0, 4, f.b.Const(int64(id)))
	f.b.Store(rec, 12, 4, f.b.Const(0))
	p := f.pointee(array)
	h := ir.HelperProbeReadKernelStr
	if p.mem == memUser {
		h = ir.HelperProbeReadUserStr
	} else {
		p.mem = memKernel
	}
	used := f.b.NewVariable(ir.I64)
	done := f.b.NewBlock("joined")
	f.b.Define(used, f.b.Const(0))
	for i := range int64(joinStrings) {
		str := f.load(p.at(8*i), types.Uint64).V
		next := f.b.NewBlock("string")
		f.b.Branch(str, next, done)
		f.enter(next)
		dst := f.b.Binary(ir.OpAdd, f.b.AddImm(rec, start), f.b.Use(used))
		n := f.clamp(f.b.Call(h, dst, f.b.Const(joinSize), str), joinSize)
		f.b.Define(used, f.b.Binary(ir.OpAdd, f.b.Use(used), n))
	}
	f.b.Jump(done)
	f.enter(done)
	size := f.clamp(f.b.Use(used), joinStrings*joinSize)
	f.b.Store(rec, header, 4, size)
	f.output(rec, f.b.AddImm(size, start))
}
