// Package value is what maps and events hold, read back: Go values that carry their script types.
//
// It may import lang/types; it must not know wire formats or how values are printed.
package value

import "github.com/gtrace/gtrace/lang/types"

// Value is one value of a script.
//
//sumtype:decl
type Value interface {
	// Type returns the script type.
	Type() types.Type
	value() // unexported, so the set is closed
}

type (
	// Null is a value that is not there.
	Null struct{ T types.Type }

	// Int is an integer, boolean, enum, pointer or address-like value (Ksym, Username, Timestamp, CgroupPath); Bits holds it
	// extended to 64 bits by its own sign.
	Int struct {
		T    types.Type
		Bits uint64
	}

	// Bytes is a string, without its NULs, or a buffer, Ethernet or internet address.
	Bytes struct {
		T types.Type
		B []byte
		// Truncated is set for strings that filled their storage without a terminating NUL.
		Truncated bool
		// Family is AF_INET (2) or AF_INET6 (10) for Inet.
		Family int
	}

	// Seq is an array, tuple, record, struct or union, with its elements in order.
	Seq struct {
		T     types.Type
		Elems []Value
	}

	// Stack is a stack of addresses, innermost first. PID is set for user stacks.
	Stack struct {
		T     types.Stack
		Addrs []uint64
		PID   int
		// Files are the build ids of the files that the addresses are offsets in, for stacks in mode build_id; empty where an address is
		// one of the process.
		Files []string
		// Err is the kernel's error number where the stack could not be walked or stored; 0 otherwise.
		Err int
	}

	// Usym is a user address.
	Usym struct {
		Addr uint64
		PID  int
	}

	// Number is a reduced count, sum, min or max. Set is false for a min or max that saw nothing.
	Number struct {
		T    types.Type
		Bits uint64
		Set  bool
	}

	// Stats is a reduced avg or stats.
	Stats struct {
		T            types.Type
		Count, Total uint64
	}

	// Hist is a reduced hist or lhist: one counter per slot, as laid out by types.Hist.Slot and types.LHist.Slot. Min and Max are the
	// least and the greatest number in 64 bits, where quantile keeps them and counted one.
	Hist struct {
		T        types.Type
		Slots    []uint64
		Min, Max uint64
	}

	// Series is a time series: what was kept of each interval that is within the last ones, oldest first. End is the start of the
	// last interval of the whole map, or 0 where nothing was kept in it.
	Series struct {
		T         types.TSeries
		Intervals []Interval
		End       int64
	}

	// Interval is a number kept of an interval; Start is in nanoseconds since 1970.
	Interval struct {
		Start int64
		Bits  uint64
	}
)

// Type returns T.
func (v Null) Type() types.Type { return v.T }

// Type returns T.
func (v Int) Type() types.Type { return v.T }

// Type returns T.
func (v Bytes) Type() types.Type { return v.T }

// Type returns T.
func (v Seq) Type() types.Type { return v.T }

// Type returns T.
func (v Stack) Type() types.Type { return v.T }

// Type returns types.Usym.
func (v Usym) Type() types.Type { return types.Usym{} }

// Type returns T.
func (v Number) Type() types.Type { return v.T }

// Type returns T.
func (v Stats) Type() types.Type { return v.T }

// Type returns T.
func (v Hist) Type() types.Type { return v.T }

// Type returns T.
func (v Series) Type() types.Type { return v.T }

func (Series) value() {}
func (Null) value()   {}
func (Int) value()    {}
func (Bytes) value()  {}
func (Seq) value()    {}
func (Stack) value()  {}
func (Usym) value()   {}
func (Number) value() {}
func (Stats) value()  {}
func (Hist) value()   {}

// Entry is a key and its value; Key is nil for the entry of a scalar map.
type Entry struct {
	Key, Value Value
}

// Map is a script map as read at one moment, entries in the order of the kernel.
type Map struct {
	Name      string
	KeyType   types.Type
	ValueType types.Type
	Entries   []Entry
}
