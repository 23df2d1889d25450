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
	// Lower makes the code of a use. It is nil for aggregates.
	Lower func(e Emitter, c Call) Value
	// Update makes the code of an aggregate in two steps: what is called first computes the arguments, and the function that it
	// returns puts them into the value of the running CPU at an address. Whatever the arguments cost is so paid before the
	// map is looked up.
	Update func(e Emitter, c Call) func(addr *ir.Value)
}

// Call is one use of a builtin.
type Call struct {
	Sig *types.Signature
	// Args are lowered on demand: nothing is computed before it is needed.
	Args []Arg
	// Result is the type that the checker gave the use.
	Result types.Type
	// Into is where a memory object may be built, to save a copy: it has room for Result. It may be nil.
	Into *ir.Value
	// SetBucket makes a number part of the map's key, for aggregates that keep several values by key. It is for the first of the two
	// steps of Update.
	SetBucket func(n *ir.Value)
	// Shared is set for an aggregate whose value others may change at the same time: that of all CPUs, or that of a CPU which another
	// thread can get in the middle of the program. Such a value is added to by one instruction.
	Shared bool
}

// Dest returns Into, or the address of a fresh memory object for the result.
func (c Call) Dest(e Emitter) *ir.Value {
	if c.Into != nil {
		return c.Into
	}
	return e.Temp(c.Sig.Name, types.Align(types.Sizeof(c.Result), 8), 8)
}

// Value is a lowered value. Scalars are in V, extended to 64 bits; strings, buffers, tuples, stacks and other memory objects
// have their address in V.
type Value struct {
	V    *ir.Value
	Type types.Type
	// Len is the number of bytes in use, the NUL included, for strings whose length is known at run time; nil otherwise.
	Len *ir.Value
	// Loose is set for strings whose bytes after the NUL may be anything; without it they are zero.
	Loose bool
}

// Arg is an argument that has not been lowered yet.
type Arg interface {
	Type() types.Type
	// Const returns the value if it is known at compile time.
	Const() (int64, bool)
	// Str returns the text of a literal string or of a bare word.
	Str() (string, bool)
	// Word returns the bare word that was given to the call that the argument is or was assigned from: the clock of nsecs(tai).
	Word() string
	// Literal returns the text of a string that is known at compile time.
	Literal() (string, bool)
	// Lower makes the code of the argument here and returns its value; integers come extended to 64 bits.
	Lower() Value
	// Map returns the name of the script map that the argument is, "@" included, and its key, or nil.
	Map() (name string, key Arg)
}

// Action is something that user space does when a program asks for it, in the words of the manifest's event kinds.
type Action struct {
	// Kind is printf, value, print_map, print_element, clear, zero, exit, time, join, cat, system, errorf or warnf.
	Kind   string
	Format string
	// Map is the script map that the action is about, "@" included.
	Map      string
	Top, Div int
}

// Packet says where the bytes of a packet go.
type Packet struct {
	// File is the file that they are appended to.
	File string
	// Skip is the number of bytes at the begin that are left out.
	Skip int
}

// Table is a list of texts by number.
type Table struct {
	Name string
	// Entries are the texts; empty ones are missing.
	Entries []string
	// Other is the text of numbers that are not in the table.
	Other string
	// Size is the size of a text in memory, its NUL included.
	Size int
}

// Once is code that the verifier follows once for all of its uses in a program, in however many ways they are reached.
type Once struct {
	// Name says what the code is: code of one name is the same.
	Name string
	// Size is the number of bytes of memory that it has. The memory is for one use at a time: whatever is computed with such code must be so
	// before.
	Size int
	// Prepare fills the memory for a use, and returns up to four numbers that the code is given.
	Prepare func(mem *ir.Value) []*ir.Value
	// Code makes the code, and returns its result. It must not use any other value.
	Code func(e Emitter, mem *ir.Value, args []*ir.Value) *ir.Value
	// Other is the result if there is no memory, which is not so on any kernel that has loaded the program.
	Other int64
}

// Emitter is what Lower functions build code with; the lowering implements it.
type Emitter interface {
	Builder() *ir.Builder
	Target() target.Target
	// Read reads size bytes at a script pointer or address into dst. Where the read fails, dst is zero, and the failure is reported
	// as -k asks.
	Read(dst *ir.Value, size int, src Value)
	// ReadStr reads the string at a script pointer or address as the call's result. No more than limit bytes are read, the NUL
	// included, where limit is given.
	ReadStr(c Call, src Value, limit *ir.Value) Value
	// ReadN is Read for a number of bytes that is known at run time; the code made before has bounded it.
	ReadN(dst, size *ir.Value, src Value)
	// Bytes returns the address of at least size bytes of the program's own memory, which may be indexed: what lies at a pointer
	// or address, or the bytes of a memory object followed by zeros.
	Bytes(v Value, size int) *ir.Value
	// Padded is Bytes for a string: all bytes after its NUL are zero.
	Padded(v Value, size int) *ir.Value
	// PutString stores a string at an address, followed by zeros up to size.
	PutString(dst *ir.Value, v Value, size int)
	// Once makes a use of code that the verifier follows once.
	Once(o Once) *ir.Value
	// StrLen returns the number of bytes before a string's NUL.
	StrLen(v Value) *ir.Value
	// Concat joins strings as the call's result.
	Concat(c Call, parts ...Value) Value
	// Clamp returns n, but at most limit; numbers below zero count as large ones.
	Clamp(n *ir.Value, limit int64) *ir.Value
	// Hide returns n, of which the verifier then knows nothing: so it does not follow each result of a loop by itself.
	Hide(n *ir.Value) *ir.Value
	// Table returns the text with a number in a table that is the same for all programs, or other where there is none.
	Table(t Table, index *ir.Value, c Call) Value
	// KernelSymbol returns the address of a symbol of the kernel.
	KernelSymbol(name string) *ir.Value
	// UserSymbol returns the address of a function or variable in the program or library that the probe is in.
	UserSymbol(name string) *ir.Value
	// Trusted returns a pointer that the verifier knows: to what an argument points to or, if it is a struct, to it.
	Trusted(a Arg) *ir.Value
	// Need says that the script cannot be compiled for a target without a feature, if the target does not have it.
	Need(f target.Feature, what string) bool
	// Path returns the path of the file that a struct path is about, as the call's result.
	Path(c Call, path Arg) Value
	// MapLen returns the number of keys in a map, StackLen the number of frames of a stack.
	MapLen(name string) *ir.Value
	StackLen(stack Value) *ir.Value
	// Find returns whether a key is in a map, and if so gives its value to the scratch variable into.
	Find(name string, key, into Arg) *ir.Value
	// Has returns whether a key is in a map.
	Has(name string, key Arg) *ir.Value
	// Temp returns the address of a fresh memory object.
	Temp(name string, size, align int) *ir.Value
	// Text returns a string that is known at compile time.
	Text(s string) Value
	// Lost counts a lost event.
	Lost()
	// ProbeName is the full name of the probe.
	ProbeName() string
	// ArgN, Retval, Args and Func are what the probe offers; the checker made sure that it does.
	ArgN(n int) Value
	Retval() Value
	Args() Value
	Func(t types.Type) Value
	// StartTime returns the time at which the script was started, on the clock of nsecs.
	StartTime() *ir.Value
	// TAIOffset returns what the TAI clock was ahead of the boot clock at the start.
	TAIOffset() *ir.Value
	// TaskIDs returns process (high half) and thread id (low half) of the current task in gtrace's pid namespace.
	TaskIDs() *ir.Value
	// ChildPID returns the process id of the command of -c, or 0.
	ChildPID() *ir.Value
	// Stack takes a stack trace as the call's result.
	Stack(c Call) Value
	// UnwindStack is Stack for a user stack by call frame information.
	UnwindStack(c Call) Value
	// Send asks user space for an action; the arguments are the values that it needs.
	Send(a Action, args ...Arg)
	// TaskMember reads a field that is reached from a task_struct, the current task's where task is nil, as the call's result.
	TaskMember(c Call, task *ir.Value, path ...string) Value
	// Refuse says that the script cannot be compiled for the target, and why.
	Refuse(message string)
	// Warn shows a warning, whose format is that of warnf, with values that are lowered already.
	Warn(format string, values ...Value)
	// Packet sends the bytes of a packet to a file, and returns 0 or a negative error number.
	Packet(p Packet, skb, length *ir.Value) *ir.Value
	// Join sends the strings that an array of pointers points to.
	Join(a Action, array Value)
	// Exit ends the script with an exit code, or 0 if code is nil, and the program at once.
	Exit(code Arg)
	// Delete removes a key (nil for a scalar map) and returns whether it was there.
	Delete(name string, key Arg) *ir.Value
}
