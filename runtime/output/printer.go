package output

import (
	"io"

	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/runtime/symbol"
	"github.com/gtrace/gtrace/runtime/value"
)

// Printer shows what a script prints.
//
// Standard output gets what the script says; messages about the run go to the error stream, or in JSON where that has a
// shape for them to the same stream as the rest.
type Printer interface {
	// Printf prints the arguments of a printf.
	Printf(f *Format, args []value.Value)
	// Sprintf returns the text that Printf would print.
	Sprintf(f *Format, args []value.Value) string
	// Raw prints text of another kind: "join", "cat", "syscall", "time".
	Raw(kind, text string)
	// Value prints the argument of print(v).
	Value(v value.Value)
	// Map prints a map: its top entries, or all if top is 0, divided by div if that is not 0. An unassigned scalar is
	// printed as zero.
	Map(m value.Map, top, div int)
	// Maps prints all maps at the end of a run.
	Maps(ms []value.Map)
	// End says that the run is over, before Maps.
	End()
	// Attached says how many probes are attached.
	Attached(n int)
	// Lost says how many events were lost.
	Lost(n uint64)
	// Message shows a message from the script or about it.
	Message(m Message)
	// Configure sets what a script's config says about output.
	Configure(c Config)
	// Idle says that no event waits: output that a reader may be waiting for is written.
	Idle()
	// Flush writes what is buffered and returns the first write error.
	Flush() error
}

// MessageKind is the kind of a Message.
type MessageKind string

// The kinds of messages, named as in JSON.
const (
	HelperError  MessageKind = "helper_error"
	RuntimeError MessageKind = "runtime_error"
	Errorf       MessageKind = "errorf"
	Warnf        MessageKind = "warnf"
)

// Message is something said at run time about a place of the script.
type Message struct {
	Kind MessageKind
	Text string
	// Span is the place; it may be invalid.
	Span diag.Span
	// Helper and Code are the failed helper and what it returned, for HelperError.
	Helper string
	Code   int
}

// Config is what a script's config says about output.
type Config struct {
	// StrTrunc follows strings that were cut; "..", unless set.
	StrTrunc string
	// ShowSource adds places in the source and functions that were compiled into others to stacks, if Symbols are Sources.
	ShowSource bool
}

// Symbols names addresses and users.
type Symbols interface {
	// Kernel names a kernel address.
	Kernel(addr uint64) (name string, offset uint64, module string, ok bool)
	// User names an address of a process.
	User(pid int, addr uint64) (name string, offset uint64, module string, ok bool)
	// Username names a user.
	Username(uid uint32) (string, bool)
}

// Sources is what Symbols may know as well: what is at work at an address, functions that were compiled into others first and the one that
// has the code last. It is empty if that is not known.
type Sources interface {
	UserSource(pid int, addr uint64) []symbol.Frame
	KernelSource(addr uint64) []symbol.Frame
}

// Cgroups is what Symbols may know as well.
type Cgroups interface {
	// Cgroup returns where the cgroups with an id are, in the hierarchies whose names begin with a filter: "unified:/a,cpu:/b".
	Cgroup(id uint64, filter string) string
}

// Buffering says when output is written.
type Buffering string

// The kinds of buffering.
const (
	// BufferLine writes whole lines at once when no event waits. The default.
	BufferLine Buffering = "line"
	// BufferFull writes when the buffer is full and at the end.
	BufferFull Buffering = "full"
	// BufferNone writes every event by itself.
	BufferNone Buffering = "none"
)

// Options says how a printer prints.
type Options struct {
	// Out gets the script's output, Err messages.
	Out, Err io.Writer
	// Buffering is BufferLine unless set.
	Buffering Buffering
	// Symbols names addresses; without it they are printed as numbers.
	Symbols Symbols
	// Terminal makes the text printer escape control characters of traced data.
	Terminal bool
	// Quiet drops the message about attached probes and that about lost events.
	Quiet bool
	// NoWarnings drops warnings.
	NoWarnings bool
	// Color paints messages.
	Color bool
}
