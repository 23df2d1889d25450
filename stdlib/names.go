package stdlib

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
)

// nameSize is the size of the texts of errors, signals and system calls.
const nameSize = 64

// nameBuiltins give numbers their names.
func nameBuiltins() []*Builtin {
	return []*Builtin{
		named("strerror", "Text of an error number.", func(string) Table {
			return Table{Name: "strerror", Entries: errorTexts, Other: "Unknown error", Size: nameSize}
		}),
		named("signal_name", "Text of a signal's number.", func(string) Table {
			return Table{Name: "signal_name", Entries: signalTexts, Other: "N/A", Size: nameSize}
		}),
		named("syscall_name", "Name of a system call's number.", func(arch string) Table {
			t := Table{Name: "syscall_name", Entries: syscallsAMD64, Other: "Unknown syscall", Size: nameSize}
			if arch == "arm64" {
				t.Entries = syscallsARM64
			}
			return t
		}),
	}
}

// named looks a number up. Negative ones are taken for what the kernel returns, without their sign.
func named(name, doc string, table func(arch string) Table) *Builtin {
	return &Builtin{
		Signature: types.Signature{
			Name: name, Doc: doc, Params: []types.Param{{Name: "n", Kind: types.ParamInt}}, Result: types.String{Size: nameSize}, Call: true,
		},
		Lower: func(e Emitter, c Call) Value {
			n := e.Builder().Extend(c.Args[0].Lower().V, 4, true) // an int of C
			if name == "strerror" {
				n = magnitude(e, n)
			}
			return e.Table(table(e.Target().Arch()), n, c)
		},
	}
}

// magnitude returns n without its sign.
func magnitude(e Emitter, n *ir.Value) *ir.Value {
	b := e.Builder()
	out := b.NewVariable(ir.I64)
	negative, done := b.NewBlock("negative"), b.NewBlock("magnitude")
	b.Define(out, n)
	b.Branch(b.Binary(ir.OpSLt, n, b.Const(0)), negative, done)
	b.Seal(negative)
	b.SetBlock(negative)
	b.Define(out, b.Neg(n))
	b.Jump(done)
	b.Seal(done)
	b.SetBlock(done)
	return b.Use(out)
}
