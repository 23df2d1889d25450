package lower

import (
	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
)

func isString(t types.Type) bool {
	_, ok := t.(types.String)
	return ok
}

func isPointer(t types.Type) bool {
	_, ok := t.(types.Pointer)
	return ok
}

// bytesOf returns where the bytes of a string are, for as long as a pointer to them may be used: a literal is there for all programs.
func (f *fn) bytesOf(x ast.Expr) *ir.Value {
	if s, ok := f.textOf(x); ok {
		return f.b.MapValue(object.LiteralsMap, f.literal(s))
	}
	if v, ok := x.(*ast.VarExpr); ok {
		return f.addressOf(f.info.Vars[v])
	}
	v := f.expr(x)
	t := v.Type.(types.String)
	dst := f.object("bytes", t)
	f.putString(dst, 0, v, t.Size, true)
	return dst
}

// literal returns where the bytes of a string and its NUL are in LiteralsMap.
func (m *module) literal(s string) int64 {
	off, ok := m.literalAt[s]
	if !ok {
		off = int64(len(m.literals))
		m.literalAt[s] = off
		m.literals = append(append(m.literals, s...), make([]byte, types.Align(len(s)+1, 8)-len(s))...)
	}
	return off
}

// literalsMap is the map of the literals that scripts have pointers to.
func (m *module) literalsMap(spec *ebpf.MapSpec) {
	spec.ValueSize = uint32(len(m.literals))
	spec.Contents = []ebpf.MapKV{{Key: uint32(0), Value: m.literals}}
}
