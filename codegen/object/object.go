// Package object is what the compiler makes and the runtime loads: an ebpf.CollectionSpec with symbolic references, and a
// Manifest that says what its maps, events and programs mean. It is plain data: nothing in it is a file descriptor or an
// address of the running kernel.
//
// It may import lang/types, lang/attach and cilium/ebpf (for the specs); it must not know how an Object was made or how it
// will be run.
package object

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/types"
)

// Object is a compiled script.
type Object struct {
	// Spec holds the programs, named as in Manifest.Programs, and the maps.
	Spec     *ebpf.CollectionSpec
	Manifest Manifest
}

// Manifest says what an Object's parts mean.
type Manifest struct {
	// Programs in the order of the script.
	Programs []Program
	// Maps are the script maps, sorted by name.
	Maps []Map
	// Events are indexed by event id.
	Events []Event
	Config Config
	// Sources are the texts that spans refer to, for messages at run time.
	Sources []Source
}

// Program is one BPF program and the probes it is attached to.
type Program struct {
	// Name is the program's name in the spec.
	Name   string
	Probes []attach.Probe
}

// Map is a script map.
type Map struct {
	// Name is as in the script, "@" included: "@", "@x".
	Name string
	// Spec is the name of the BPF map in the spec.
	Spec string
	// Key is nil for a scalar map, which is an array map of one entry. Several keys make a types.Tuple. The BPF map of a time series
	// is a hash map also for a scalar, whose keys have the interval behind the key (types.SeriesKey).
	Key types.Type
	// Value is the type of one value; aggregates have one per CPU. Layouts are those of types.Sizeof and types.TupleLayout;
	// in the BPF map, values are padded to a multiple of 8 bytes. What the padding of a number holds is undefined: programs add
	// to narrow numbers with 64-bit atomic instructions.
	Value types.Type
	// PerCPU is set where the BPF map has a value for each CPU.
	PerCPU bool
	// Presence is set for scalar maps whose value is followed, at the next multiple of 8 bytes, by a 64-bit word that is not 0
	// once the map was assigned to.
	Presence bool
}

// EventKind is what the runtime does with an event.
type EventKind string

// The kinds of events.
const (
	EventPrintf       EventKind = "printf"        // Fields are the arguments
	EventPrintValue   EventKind = "value"         // Fields[0]
	EventPrintMap     EventKind = "print_map"     // Map, with Top and Div
	EventPrintMapElem EventKind = "print_element" // Map; Fields[0] is the key, Fields[1] the value
	EventClear        EventKind = "clear"         // Map; Fields[0], if any, is the key of a time series
	EventZero         EventKind = "zero"          // Map
	EventExit         EventKind = "exit"          // Fields[0] is the exit code, if any
	EventTime         EventKind = "time"          // Format
	EventJoin         EventKind = "join"          // Fields[0] holds the strings with their NULs; Format is the separator
	EventCat          EventKind = "cat"           // as printf: the path
	EventSystem       EventKind = "system"        // as printf: the command
	EventUnwatch      EventKind = "unwatch"       // Fields[0] is the address
	EventErrorf       EventKind = "errorf"        // as printf
	EventWarnf        EventKind = "warnf"         // as printf
	EventRuntimeError EventKind = "runtime_error" // Message; Fields[0], if any, is the helper's return code
	EventPacket       EventKind = "packet"        // Format is the file; comes through PacketsMap
)

// Event is a kind of record that programs send through the ring buffer. A record begins with the 32-bit event id and a
// 32-bit length of the whole record; then the fixed part of FixedSize bytes (from offset 8), which holds the fields at their
// offsets; then the bytes of the variable fields (Var), each in the order of Fields and without padding. A variable
// field has its 32-bit length in the fixed part.
type Event struct {
	Kind   EventKind
	Format string `json:",omitempty"`
	// Fields are the values sent, in order.
	Fields    []EventField `json:",omitempty"`
	FixedSize int          `json:",omitempty"`
	// Map is the script map that the event is about.
	Map string `json:",omitempty"`
	// Top and Div are the arguments of print(@m, top, div); 0 where not given.
	Top int `json:",omitempty"`
	Div int `json:",omitempty"`
	// Skip is the number of bytes at the begin of a packet that are left out.
	Skip int `json:",omitempty"`
	// Message is the text of a runtime error or warning.
	Message string `json:",omitempty"`
	// Helper is the helper that failed, for runtime errors about one.
	Helper string `json:",omitempty"`
	Place  Place
}

// EventField is one value of an event.
type EventField struct {
	Type types.Type
	// Offset is counted from the start of the fixed part.
	Offset int
	// Var is set for strings and buffers, which are sent with their actual length.
	Var bool `json:",omitempty"`
}

// importPrefix begins the names of functions and maps of imported object files; their number in the script and a dot follow.
const importPrefix = "lib"

// ImportPrefix is what the names of functions and maps of the imported object file with a number begin with in programs.
func ImportPrefix(n int) string { return importPrefix + strconv.Itoa(n) + "." }

// ImportedName returns the name that a function of an imported object file has there; ok is false for functions of the script.
func ImportedName(symbol string) (name string, ok bool) {
	number, name, found := strings.Cut(strings.TrimPrefix(symbol, importPrefix), ".")
	if _, err := strconv.Atoi(number); !found || err != nil || !strings.HasPrefix(symbol, importPrefix) {
		return "", false
	}
	return name, true
}

// Place is a span in one of the manifest's sources.
type Place struct{ Source, Start, End int }

// Source is a source file, or a copy of one that a macro made.
type Source struct {
	// Name and Text are empty for a copy.
	Name string `json:",omitempty"`
	Text string `json:",omitempty"`
	// Copy is set for a copy of the source before it in the list with that index, which stands where From says.
	Copy *Copy `json:",omitempty"`
}

// Copy is a source's text standing in another place, as the body of a macro does where the macro is called.
type Copy struct {
	Source int
	From   Place
}

// Config is what the runtime needs to know of the script's configuration.
type Config struct {
	PrintMapsOnExit bool
	StrTruncTrailer string
	MaxMapKeys      int
	MaxStrlen       int
	// MaxCatBytes is the number of bytes of a file that cat prints.
	MaxCatBytes   int
	StackMode     string
	MissingProbes string
	LogSize       int
	// PacketPages is the size of PacketsMap's buffers in pages, for each CPU.
	PacketPages int
	// CppDemangle gives functions of C++ and Rust their names in the source.
	CppDemangle bool
	// CacheUserSymbols is how long it is remembered what processes have mapped: "PER_PID" and "PER_PROGRAM", while the script runs,
	// or "NONE", which is not at all.
	CacheUserSymbols string
	// LazySymbolication reads the symbols of a file when one of them is needed, rather than those of all files of a process.
	LazySymbolication bool
	// ShowDebugInfo adds the places in the source and inlined functions to stacks.
	ShowDebugInfo bool `json:",omitempty"`
}

// The names of maps in the spec that are not script maps.
const (
	// EventsMap is the ring buffer; absent if no program sends events.
	EventsMap = "gt_events"
	// PacketsMap is the array of buffers, one for each CPU, through which packets come; absent if no program sends any.
	PacketsMap = "gt_packets"
	// LostMap is an array map of one value with 64-bit counters, indexed by the Lost constants; absent with the ring buffer and if nothing can
	// be lost.
	LostMap = "gt_lost"
	// StackMap is the map of stack traces of depth N: "gt_stacks_N", or "gt_stacks_bN" for those by build id. It is a hash map from the number
	// of a stack, which is computed from its frames, to the frames, ended by 0 if they are fewer.
	StackMap = "gt_stacks_"
	// SpillMap is the beginning of the name of a map for stacks that the map behind it has no room for. It takes memory for what it holds alone.
	SpillMap = "gt_more_"
	// StoredMap is a per-CPU array of one 64-bit counter: the stacks that were stored.
	StoredMap = "gt_stored"
	// ScratchMap is the per-CPU memory of the program N: "gt_scratch_N".
	ScratchMap = "gt_scratch_"
	// WorkMap is the per-CPU memory of functions of the program N that the verifier follows once: "gt_work_N".
	WorkMap = "gt_work_"
	// DataMap is an array map with one value of run-time constants that the runtime sets before a program is loaded; see Data.
	DataMap = "gt_data"
	// LiteralsMap is an array map with one value: the strings of a script that it has pointers to.
	LiteralsMap = "gt_literals"
)

// Indices of LostMap. The counters of script maps follow: LostMaps + the map's index in Manifest.Maps.
const (
	LostEvents = iota // the ring buffer, or that for packets, was full
	LostStacks        // a stack could not be stored
	LostMaps
)

// Offsets in the value of DataMap, all 64-bit.
const (
	DataStart    = iota * 8 // bpf_ktime_get_ns (or boot clock, as nsecs) at start, for elapsed
	DataSelf                // tgid of gtrace
	DataCPID                // pid of the child of -c, or 0
	DataExited              // not 0 after exit() in any program
	DataTAI                 // nanoseconds that CLOCK_TAI was ahead of CLOCK_BOOTTIME at start
	DataPIDNSDev            // device and inode of gtrace's pid namespace, as the kernel has them
	DataPIDNSIno
	DataSize
)

// Offsets in the head of a packet, which its bytes follow.
const (
	PacketEvent  = 0  // the event's id, 32 bits
	PacketSize   = 4  // the number of bytes that follow, 32 bits
	PacketWire   = 8  // the number of bytes that the packet has, 64 bits
	PacketTime   = 16 // when it was, on the boot clock, 64 bits
	PacketHeader = 24 // the size of the head
)

// StackMapName returns the name of the map for stacks of a type.
func StackMapName(t types.Stack) string {
	mark := ""
	if t.Mode == "build_id" {
		mark = buildIDMark
	}
	return fmt.Sprintf("%s%s%d", StackMap, mark, t.Depth)
}

// StackStored is the highest bit in the number of a stack that is in StackMap.
const StackStored = 1 << 61

// WalkedMapName returns the name of the map for stacks of a type that were walked by call frame information.
func WalkedMapName(t types.Stack) string { return fmt.Sprintf("%s%d", UnwindStackMap, t.Depth) }

// ParseWalkedMap returns what stacks the map of a name is for.
func ParseWalkedMap(name string) (depth int, ok bool) { return parseDepth(name, UnwindStackMap) }

// parseDepth returns the number of frames at the end of a name that begins with prefix.
func parseDepth(name, prefix string) (depth int, ok bool) {
	text, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return 0, false
	}
	depth, err := strconv.Atoi(text)
	return depth, err == nil
}

// Unwinds reports whether programs walk stacks by call frame information.
func (o *Object) Unwinds() bool { return o.Spec.Maps[UnwindProcsMap] != nil }

// buildIDMark stands before the depth in the name of a map of stacks by build id.
const buildIDMark = "b"

// SpillMapName returns the name of the map for stacks that the map of a name has no room for.
func SpillMapName(stacks string) string { return SpillMap + strings.TrimPrefix(stacks, ownPrefix) }

// ParseSpillMap returns the name of the map whose stacks find a place in the map of a name.
func ParseSpillMap(name string) (stacks string, ok bool) {
	text, ok := strings.CutPrefix(name, SpillMap)
	return ownPrefix + text, ok
}

// ownPrefix is the beginning of the names of all maps that are not script maps.
const ownPrefix = "gt_"

// ParseStackMap returns what stacks the map of a name is for.
func ParseStackMap(name string) (depth int, buildID, ok bool) {
	text, ok := strings.CutPrefix(name, StackMap)
	if !ok {
		return 0, false, false
	}
	text, buildID = strings.CutPrefix(text, buildIDMark)
	depth, err := strconv.Atoi(text)
	return depth, buildID, err == nil
}
