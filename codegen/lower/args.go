package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// isArgs reports whether a type is that of `args` as a whole: fields of the context, which stay where they are.
func (f *fn) isArgs(t types.Type) bool {
	s, ok := t.(*types.Struct)
	return ok && f.prog.Context != nil && f.prog.Context.Args == s
}

// isCopy reports whether a value is `args` and is wanted as a copy, in a struct of its own.
func (f *fn) isCopy(v stdlib.Value, t *types.Struct) bool { return f.isArgs(v.Type) && !f.isArgs(t) }

// copyArgs returns a copy of `args`, at into if that is given.
func (f *fn) copyArgs(t *types.Struct, into *ir.Value) stdlib.Value {
	if into == nil {
		into = f.object("args", t)
	}
	f.putArgs(into, 0, t)
	return stdlib.Value{V: into, Type: t}
}

// putArgs stores a copy of `args`, each field as its own probe reads it, and zeros between them.
func (f *fn) putArgs(dst *ir.Value, off int64, t *types.Struct) {
	f.zeroBytes(dst, off, t.Size)
	args := f.prog.Context.Args.Members()
	for i, to := range t.Members() {
		at := off + int64(to.Offset)
		from := f.argPlace(f.ctxPlace().at(int64(args[i].Offset)), args[i].Type)
		if b, ok := to.Type.(types.Buffer); ok && args[i].DataLoc {
			f.putData(dst, at, from, b.Size)
			continue
		}
		f.put(dst, at, f.argField(from, args[i], to.Type), to.Type, true)
	}
}

// argField reads a field of `args` as it is kept.
func (f *fn) argField(from place, field types.Field, t types.Type) stdlib.Value {
	if isScalar(t) && !field.DataLoc {
		return f.load(from, f.fieldType(from, field.Type, t))
	}
	return f.readField(from, field, t, nil)
}

// putData stores a __data_loc field that is no text as a buffer: how long it is, and its bytes.
func (f *fn) putData(dst *ir.Value, off int64, from place, size int) {
	loc := f.load(from, types.Uint32).V
	n := f.clamp(f.b.Binary(ir.OpLShr, loc, f.b.Const(16)), int64(size))
	data := f.b.Binary(ir.OpAdd, f.b.Ctx(), f.b.Binary(ir.OpAnd, loc, f.b.Const(0xffff)))
	f.b.Store(dst, off, 4, n)
	h := ir.HelperProbeReadKernel
	f.checkRead(h, f.b.Call(h, f.b.AddImm(dst, off+4), n, data))
}
