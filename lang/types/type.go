package types

// Type is a type of the language.
//
//sumtype:decl
type Type interface {
	// String returns the type as bpftrace spells it: int64, string[16], struct task_struct *, (int64,string[4]).
	String() string
	typ() // unexported, so the set is closed
}

// Space says which address space a pointer points into.
type Space uint8

// The address spaces.
const (
	SpaceNone   Space = iota // not known: treated as kernel memory
	SpaceKernel              // read with bpf_probe_read_kernel
	SpaceUser                // read with bpf_probe_read_user
	SpaceBPF                 // memory of the program itself: stack, map value, context; loaded directly
)

type (
	// Invalid is the type of an expression that was diagnosed; it silences everything that would follow from it.
	Invalid struct{}

	// Void is the type of a call without a value.
	Void struct{}

	// Bool is true or false, one byte in memory.
	Bool struct{}

	// Int is an integer of Size bytes (1, 2, 4 or 8). Space says which memory it is an address in, where a script says so: kptr(n), uptr(n).
	Int struct {
		Size   int
		Signed bool
		Space  Space
	}

	// String is a NUL-padded string of at most Size bytes, the terminating NUL included.
	String struct{ Size int }

	// Buffer is the result of buf(): Size bytes at most, preceded by a 32-bit length.
	Buffer struct{ Size int }

	// Pointer points to Elem; Void elements are untyped pointers.
	Pointer struct {
		Elem  Type
		Space Space
		// Trusted is set for pointers that the verifier knows by BTF: they can be dereferenced with plain loads.
		Trusted bool
	}

	// Array is Len elements of Elem.
	Array struct {
		Elem Type
		Len  int
		// Text is the size of the string that scripts see in place of an array of characters of C, or 0 for other arrays. It is
		// larger than Len where no NUL has to be among the characters.
		Text int
	}

	// Tuple is (a, b): laid out like a C struct of its elements.
	Tuple struct{ Elems []Type }

	// Record is (a=1, b=2).
	Record struct{ Fields []RecordField }

	// Enum is a C enumeration.
	Enum struct {
		Name   string
		Size   int
		Signed bool
		Values []EnumValue
	}

	// Stack is the result of kstack and ustack: an id in a stack map, with what is needed to resolve it.
	Stack struct {
		User bool
		// Mode is bpftrace, perf, raw or build_id.
		Mode string
		// Depth is the largest number of frames.
		Depth int
	}

	// Ksym is a kernel address printed as a symbol; Usym is a user address printed as one.
	Ksym struct{}
	// Usym is a user address and the pid it belongs to, printed as a symbol.
	Usym struct{}
	// Username is a uid printed as a name.
	Username struct{}
	// Inet is an IPv4 or IPv6 address: family and 16 bytes.
	Inet struct{}
	// MacAddr is six bytes printed as an Ethernet address.
	MacAddr struct{}
	// Timestamp is the result of strftime: nanoseconds since boot, printed with Format.
	Timestamp struct{ Format string }
	// CgroupPath is a cgroup id printed as a path, in the hierarchies whose names begin with Filter.
	CgroupPath struct{ Filter string }

	// Count is the map value of count(): per CPU, one unsigned 64-bit number.
	Count struct{}
	// Sum is the map value of sum(n): per CPU, one 64-bit number.
	Sum struct{ Signed bool }
	// Min is the map value of min(n): per CPU, {value, set}, both 64-bit, with the value in the form of ExtremeMask.
	Min struct{ Signed bool }
	// Max is the map value of max(n): laid out as Min.
	Max struct{ Signed bool }
	// Avg is the map value of avg(n): per CPU, {total, count}, both 64-bit.
	Avg struct{ Signed bool }
	// Stats is the map value of stats(n): laid out as Avg.
	Stats struct{ Signed bool }
	// Hist is the map value of hist(n[, bits]), llhist(n) and quantile(n[, percentages]): Slots 64-bit counters, per CPU in a
	// scalar map. That of quantile has two words more, for the least and the greatest number (Bounds).
	Hist struct {
		Bits int
		// Signed is for llhist and quantile: negative numbers have slots of their own. Otherwise these two have no negative numbers,
		// and hist has one slot for all of them.
		Signed bool
		// Quantiles are what is printed instead of the counters: "count", "min", "max" and percentages, "count,50,99.9".
		Quantiles string
		// Fit joins the rows of a text until they are few enough to read. The counters keep their precision.
		Fit bool
	}
	// LHist is the map value of lhist(n, min, max, step): (Max-Min)/Step+2 64-bit counters, per CPU in a scalar map.
	LHist struct{ Min, Max, Step int64 }
	// TSeries is the map value of tseries(n, interval, num[, agg]): for each interval, per CPU, {number, time or count, number of
	// the interval since the epoch of the TAI clock plus one}. The key has the number of the interval modulo Num, 64 bits, behind the
	// script's key (SeriesKey).
	TSeries struct {
		Interval int64 // nanoseconds
		Num      int
		Agg      string // "", avg, max, min, sum
		Signed   bool
	}
)

// Struct is a C struct or union. Structs are compared by identity: one resolver makes one Struct per C type.
type Struct struct {
	// Name is the tag without struct or union; empty for anonymous types.
	Name   string
	Union  bool
	Size   int
	Align  int
	Fields []Field
	// Complete is called once, before Fields is first read, where fields are resolved on demand; it may be nil.
	Complete func(*Struct)
}

// Field is a member of a struct or union. Members of anonymous members are not hoisted here; Lookup finds them.
type Field struct {
	Name   string // empty for an anonymous struct or union
	Type   Type
	Offset int // in bytes
	// BitOffset and BitSize describe a bitfield: BitOffset counts from Offset; BitSize is 0 for plain fields.
	BitOffset, BitSize int
	// DataLoc is set for a tracepoint's __data_loc field: the field holds a 32-bit word whose low half is the offset of
	// the data from the start of the record and whose high half is the data's length.
	DataLoc bool
}

// RecordField is a member of a record.
type RecordField struct {
	Name string
	Type Type
}

// EnumValue is a name and number of an enumeration.
type EnumValue struct {
	Name  string
	Value int64
}

func (Invalid) typ()    {}
func (Void) typ()       {}
func (Bool) typ()       {}
func (Int) typ()        {}
func (String) typ()     {}
func (Buffer) typ()     {}
func (Pointer) typ()    {}
func (Array) typ()      {}
func (Tuple) typ()      {}
func (Record) typ()     {}
func (*Enum) typ()      {}
func (*Struct) typ()    {}
func (Stack) typ()      {}
func (Ksym) typ()       {}
func (Usym) typ()       {}
func (Username) typ()   {}
func (Inet) typ()       {}
func (MacAddr) typ()    {}
func (Timestamp) typ()  {}
func (CgroupPath) typ() {}
func (Count) typ()      {}
func (Sum) typ()        {}
func (Min) typ()        {}
func (Max) typ()        {}
func (Avg) typ()        {}
func (Stats) typ()      {}
func (Hist) typ()       {}
func (LHist) typ()      {}
func (TSeries) typ()    {}

// The integer types.
var (
	Int8   = Int{Size: 1, Signed: true}
	Int16  = Int{Size: 2, Signed: true}
	Int32  = Int{Size: 4, Signed: true}
	Int64  = Int{Size: 8, Signed: true}
	Uint8  = Int{Size: 1}
	Uint16 = Int{Size: 2}
	Uint32 = Int{Size: 4}
	Uint64 = Int{Size: 8}
)

// IsAggregate reports whether t can only be a map value: count, sum, min, max, avg, stats, hist, lhist, tseries.
func IsAggregate(t Type) bool {
	switch t.(type) {
	case Count, Sum, Min, Max, Avg, Stats, Hist, LHist, TSeries:
		return true
	case Invalid, Void, Bool, Int, String, Buffer, Pointer, Array, Tuple, Record, *Enum, *Struct, Stack, Ksym, Usym,
		Username, Inet, MacAddr, Timestamp, CgroupPath:
		return false
	}
	panic("BUG: types: unexpected type")
}

// IsCastable reports whether an aggregate stands for a number in an expression: count, sum, min, max, avg.
func IsCastable(t Type) bool {
	switch t.(type) {
	case Count, Sum, Min, Max, Avg:
		return true
	default: // no other type matters here
	}
	return false
}

// IsSigned reports whether the numbers of t are signed: an integer's, an enum's, or those that an aggregate is of. Others have none.
func IsSigned(t Type) bool {
	switch t := t.(type) {
	case Int:
		return t.Signed
	case *Enum:
		return t.Signed
	case Sum:
		return t.Signed
	case Min:
		return t.Signed
	case Max:
		return t.Signed
	case Avg:
		return t.Signed
	case Stats:
		return t.Signed
	case TSeries:
		return t.Signed
	case Hist:
		return t.Signed
	default: // no other type matters here
	}
	return false
}

// IsInvalid reports whether t is Invalid or nil.
func IsInvalid(t Type) bool {
	_, bad := t.(Invalid)
	return bad || t == nil
}
