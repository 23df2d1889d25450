// Package stdlib is the one table of gtrace's builtins: what the checker, the lowering, completion and the manual know of
// each name comes from its record here.
//
// It may import lang/types and codegen/ir; it must not know the syntax tree, instructions or the runtime.
package stdlib

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/types"
)

// Builtin is the record of one builtin.
type Builtin struct {
	types.Signature
	// Lower makes the code of a use. It is nil for Unsupported ones.
	Lower func(e Emitter, c Call) Value
}

// Call is one use of a builtin.
type Call struct {
	Sig *types.Signature
	// Args are lowered on demand: nothing is computed before it is needed.
	Args []Arg
	// Result is the type that the checker gave the use.
	Result types.Type
}

// Value is a lowered value. Scalars are in V; strings, buffers, tuples and other memory objects have their address in V.
type Value struct {
	V    *ir.Value
	Type types.Type
	// Len is the number of bytes in use, for strings whose length is known at run time; nil otherwise.
	Len *ir.Value
}

// Arg is an argument that has not been lowered yet.
type Arg interface {
	Type() types.Type
	// Const returns the value if it is known at compile time.
	Const() (int64, bool)
	// Str returns the text of a literal string or of a bare word.
	Str() (string, bool)
	// Lower makes the code of the argument here and returns its value; integers come extended to 64 bits.
	Lower() Value
	// Map returns the name of the script map that the argument is, "@" included, and its key, or nil.
	Map() (name string, key Arg)
}

// Emitter is what Lower functions build code with; the lowering implements it.
type Emitter interface {
	Builder() *ir.Builder
	Target() target.Target
	// FallibleRead reads size bytes at a script pointer or address into dst, counting and reporting failed reads as -k asks.
	Read(dst *ir.Value, size int, src Value)
	// TempSlot returns the address of a fresh memory object.
	Temp(name string, size, align int) *ir.Value
}
