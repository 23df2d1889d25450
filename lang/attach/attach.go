package attach

import "github.com/gtrace/gtrace/lang/types"

// Point is an attach point as written, split at colons, positional parameters replaced.
type Point struct {
	// Type is the first part as written, in any case: "kprobe", "k", "BEGIN".
	Type string
	// Parts are the parts after the type.
	Parts []string
}

// Kind is the kind of BPF program a probe needs; the runtime maps it to program and attach types.
type Kind string

// The kinds of programs.
const (
	KindTestRun       Kind = "test_run"       // raw tracepoint program started with BPF_PROG_RUN (begin, end)
	KindKprobe        Kind = "kprobe"         // kprobe and kretprobe, uprobe and uretprobe: BPF_PROG_TYPE_KPROBE, pt_regs
	KindTracepoint    Kind = "tracepoint"     // BPF_PROG_TYPE_TRACEPOINT, the event's record
	KindRawTracepoint Kind = "raw_tracepoint" // BPF_PROG_TYPE_RAW_TRACEPOINT, u64 args[]
	KindTracing       Kind = "tracing"        // BPF_PROG_TYPE_TRACING by BTF: tp_btf, fentry, fexit
	KindPerfEvent     Kind = "perf_event"     // BPF_PROG_TYPE_PERF_EVENT, bpf_perf_event_data
	KindIter          Kind = "iter"           // BPF_PROG_TYPE_TRACING, run once for each object of the kernel when gtrace reads it
	KindXDP           Kind = "xdp"            // BPF_PROG_TYPE_XDP started many times with BPF_PROG_RUN (bench)
)

// Probe is one place that fires: all that is needed to attach to it, and nothing about this machine that another could not
// use. It is part of the manifest.
type Probe struct {
	// Provider is the canonical name of the probe type: "kprobe", "begin".
	Provider string
	// Name is the full canonical name, as the builtin `probe` gives it: "tracepoint:syscalls:sys_enter_openat".
	Name string
	Kind Kind
	// Return is set for probes at a function's return.
	Return bool `json:",omitempty"`
	// Target is the kernel module, the path of the binary, or the tracepoint's category.
	Target string `json:",omitempty"`
	// Func is the function or event.
	Func   string `json:",omitempty"`
	Offset uint64 `json:",omitempty"`
	// Address is an absolute address (kernel) or a file offset (user binaries) where Func alone does not say it.
	Address uint64 `json:",omitempty"`
	// Semaphore is where in the file of a user binary the counter is that says whether anyone listens; 0 if there is none.
	Semaphore uint64 `json:",omitempty"`
	// Period in nanoseconds or Freq in hertz, for timers. For events that are counted, Period is the number of them for each time
	// that the probe fires.
	Period uint64 `json:",omitempty"`
	Freq   uint64 `json:",omitempty"`
	// PID restricts the probe to a process where the kernel can do that at attach; 0 for all.
	PID int `json:",omitempty"`
	// Program is the id of the BPF program that Func is a function of; 0 for functions of the kernel.
	Program uint32 `json:",omitempty"`
	// BTFType names what a KindTracing program attaches to, e.g. "sys_enter" for tp_btf.
	BTFType string `json:",omitempty"`
	// Pin is the path at which an iterator is pinned: it goes on without gtrace. Empty if it is not.
	Pin string `json:",omitempty"`
	// Further is set for all places but the first of a probe that has several: they are not counted.
	Further bool `json:",omitempty"`
	// Wildcard is set for one of those that a wildcard stands for: the script did not name it, so it is left out where the
	// kernel does not let it be traced.
	Wildcard bool `json:",omitempty"`
}

// Value is something a program reads from its context: a load of Size bytes at Offset from the context pointer.
type Value struct {
	Name   string
	Type   types.Type
	Offset int
	Size   int
	// DataLoc is as types.Field.DataLoc: the loaded word says where the data is.
	DataLoc bool
	// Operand, if it is not nil, says where the value is instead of Offset; Size is the number of bytes there.
	Operand *Operand
}

// Operand is where the value of an argument is that a compiler put where it liked.
type Operand struct {
	Kind OperandKind
	// Signed says how the bytes are extended to 64 bits.
	Signed bool
	// Value is the constant, or what is added to the address.
	Value int64
	// Base is the offset in the context of the register that holds the value or its address. Index is that of a second one, which is
	// multiplied by Scale and added to the address; -1 if there is none.
	Base, Index int
	Scale       int64
}

// OperandKind is a kind of Operand.
type OperandKind uint8

// The kinds of operands.
const (
	OperandConst    OperandKind = iota + 1 // Value
	OperandRegister                        // the register at Base
	OperandMemory                          // user memory at the register at Base, plus Index * Scale, plus Value
	OperandResult                          // what the function returned, by bpf_get_func_ret
)

// Context is what a program attached to a probe can see. Programs with equal Contexts can share their code.
type Context struct {
	// ID is equal for equal contexts; it is what the checker compares.
	ID string
	// Args is the struct behind `args`, whose fields are at their offsets in the context; nil if there is none.
	// For KindTracing and KindRawTracepoint each argument takes 8 bytes whatever its type.
	Args *types.Struct
	// Ctx is the struct behind the builtin `ctx`, a pointer to the context; nil where ctx points to nothing that has a type. It is
	// laid out as Args is: for KindIter each field takes 8 bytes.
	Ctx *types.Struct
	// ArgN are arg0, arg1, …; empty if the probe has none.
	ArgN []Value
	// Retval is nil if the probe has none.
	Retval *Value
	// Func says how the builtin `func` is known: "" not at all, "name" from the probe's Func, "ip" by
	// bpf_get_func_ip or the instruction pointer of the context at FuncOffset.
	Func       string
	FuncOffset int
	// UserSpace is set where pointers of the arguments point into user memory unless marked otherwise.
	UserSpace bool
	// Stack is set where bpf_get_stackid works.
	Stack bool
	// PIDFilter says how -p is honoured: "body" by a test in the program, "attach" by the kernel, "" not at all.
	PIDFilter string
	// Copied is set where the verifier refuses loads of pointers from the context, since it knows nothing of what they point to: a
	// helper copies what the program reads.
	Copied bool
	// Size is the size of the context in bytes as far as the program may read it; 0 if not known.
	Size int
}

// Match is a probe together with what its program sees.
type Match struct {
	Probe   Probe
	Context *Context
	// Alone says that no other attach point of the probe may be of this type, Once that a script may have this probe but once.
	Alone, Once bool
	// Warning is what may go wrong at this probe, which the script wants all the same; it may be empty.
	Warning string
}
