package event

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/value"
)

// ErrMalformed is wrapped by the errors about bytes that do not hold what the manifest says.
var ErrMalformed = errors.New("malformed record")

// Stacks finds the frames of a stack that a program stored in a stack map.
type Stacks interface {
	// Frames returns the addresses of a stack, innermost first, and for those that are offsets in a file its build id.
	Frames(kind StackKind, id int64) (addrs []uint64, files []string, err error)
}

// Decoder turns bytes into values. The zero Decoder decodes everything but leaves stacks empty.
type Decoder struct {
	// Stacks resolves stack ids.
	Stacks Stacks
	// Files returns where the addresses of a process are in files, and the build ids of these, for stacks in mode build_id that programs
	// have walked. An address that is in none stays, and its build id is empty. It may be nil.
	Files func(pid int, addrs []uint64) (offsets []uint64, files []string)
	// LeapNanoseconds is what the TAI clock is ahead of the time of day.
	LeapNanoseconds int64
}

// Value decodes a value of type t from the start of b. Strings and buffers alias b. Aggregates are not decoded here: they
// need all CPUs, see Map.Read.
func (d *Decoder) Value(b []byte, t types.Type) (value.Value, error) {
	if n := types.Sizeof(t); len(b) < n {
		return nil, fmt.Errorf("%w: %d bytes for a %s of %d", ErrMalformed, len(b), t, n)
	}
	return d.decode(b, t), nil
}

// decode is Value for bytes that are known to be long enough.
func (d *Decoder) decode(b []byte, typ types.Type) value.Value {
	switch t := typ.(type) {
	case types.Invalid, types.Void:
		return value.Null{T: typ}
	case types.Bool:
		return value.Int{T: typ, Bits: uint64(min(b[0], 1))}
	case types.Int:
		return value.Int{T: typ, Bits: number(b, t.Size, t.Signed)}
	case *types.Enum:
		return value.Int{T: typ, Bits: number(b, t.Size, t.Signed)}
	case types.Pointer, types.Ksym, types.Username, types.Timestamp, types.CgroupPath:
		return value.Int{T: typ, Bits: binary.NativeEndian.Uint64(b)}
	case types.String:
		return String(b[:t.Size], typ)
	case types.Buffer:
		n := min(int(binary.NativeEndian.Uint32(b)), t.Size)
		return value.Bytes{T: typ, B: b[4 : 4+n]}
	case types.Inet:
		return inet(b, typ)
	case types.MacAddr:
		return value.Bytes{T: typ, B: b[:6]}
	case types.Stack:
		return d.stack(b, t)
	case types.Usym:
		return value.Usym{Addr: binary.NativeEndian.Uint64(b), PID: int(binary.NativeEndian.Uint32(b[8:]))}
	case types.Array:
		return d.array(b, t, typ)
	case types.Tuple:
		return d.tuple(b, typ, t.Elems)
	case types.Record:
		return d.tuple(b, typ, t.Types())
	case *types.Struct:
		return d.structure(b, t)
	case types.Count, types.Sum, types.Min, types.Max, types.Avg, types.Stats, types.Hist, types.LHist, types.TSeries:
		return reduce([][]byte{b}, typ)
	}
	panic(fmt.Sprintf("BUG: event: unexpected type %T", typ))
}

// number reads an integer and extends it by its own sign.
func number(b []byte, size int, signed bool) uint64 {
	switch size {
	case 1:
		return extend(uint64(b[0]), 8, signed)
	case 2:
		return extend(uint64(binary.NativeEndian.Uint16(b)), 16, signed)
	case 4:
		return extend(uint64(binary.NativeEndian.Uint32(b)), 32, signed)
	case 8:
		return binary.NativeEndian.Uint64(b)
	}
	panic(fmt.Sprintf("BUG: event: integer of %d bytes", size))
}

// extend widens the low bits of v to 64.
func extend(v uint64, bits int, signed bool) uint64 {
	shift := 64 - bits
	if signed {
		return uint64(int64(v<<shift) >> shift)
	}
	return v << shift >> shift
}

// String returns the bytes of b up to its first NUL as a string; without one, it is marked as truncated.
func String(b []byte, t types.Type) value.Bytes {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return value.Bytes{T: t, B: b[:i]}
	}
	return value.Bytes{T: t, B: b, Truncated: len(b) > 0}
}

const (
	afInet  = 2
	afInet6 = 10
)

func inet(b []byte, t types.Type) value.Value {
	family := int(binary.NativeEndian.Uint32(b))
	n := 16
	if family == afInet {
		n = 4
	}
	return value.Bytes{T: t, B: b[4 : 4+n], Family: family}
}

func (d *Decoder) stack(b []byte, t types.Stack) value.Value {
	id := int64(binary.NativeEndian.Uint64(b))
	s := value.Stack{T: t}
	if t.User {
		s.PID = int(int32(binary.NativeEndian.Uint32(b[8:])))
	}
	if id < 0 {
		s.Err = int(-id)
		return s
	}
	if d.Stacks == nil || id == 0 { // 0 is no stack: a value that was never set
		return s
	}
	if id&object.UnwindWalked != 0 {
		return d.walked(s, id)
	}
	kind := StackKind{Depth: t.Depth, BuildID: t.Mode == "build_id"}
	addrs, files, err := d.Stacks.Frames(kind, id)
	if err != nil {
		s.Err = 2 // ENOENT: it found no room
		return s
	}
	s.Addrs, s.Files = addrs, files
	return s
}

// walked completes a stack that a program has walked.
func (d *Decoder) walked(s value.Stack, id int64) value.Value {
	if id == object.UnwindWalked {
		return s // of no frames
	}
	addrs, _, err := d.Stacks.Frames(StackKind{Depth: s.T.Depth, Walked: true}, id)
	if err != nil {
		s.Err = 2 // ENOENT: it found no room
		return s
	}
	s.Addrs = addrs
	if s.T.Mode == "build_id" && d.Files != nil {
		s.Addrs, s.Files = d.Files(s.PID, addrs)
	}
	return s
}

func (d *Decoder) array(b []byte, t types.Array, typ types.Type) value.Value {
	size := types.Sizeof(t.Elem)
	out := value.Seq{T: typ, Elems: make([]value.Value, t.Len)}
	for i := range out.Elems {
		out.Elems[i] = d.member(b[i*size:], t.Elem)
	}
	return out
}

// member decodes a part of a C type, where arrays of characters are texts. Elsewhere such an array is the bytes of an integer.
func (d *Decoder) member(b []byte, t types.Type) value.Value {
	if a, ok := t.(types.Array); ok && a.Text > 0 {
		s := String(b[:a.Len], types.String{Size: a.Text})
		s.Truncated = s.Truncated && a.Text == a.Len
		return s
	}
	return d.decode(b, t)
}

func (d *Decoder) tuple(b []byte, t types.Type, elems []types.Type) value.Value {
	offsets, _, _ := types.TupleLayout(elems)
	out := value.Seq{T: t, Elems: make([]value.Value, len(elems))}
	for i, e := range elems {
		out.Elems[i] = d.decode(b[offsets[i]:], e)
	}
	return out
}

// structure decodes the fields that lie within the struct; a field of a broken description is Null.
func (d *Decoder) structure(b []byte, t *types.Struct) value.Value {
	if t.Complete != nil {
		t.Complete(t)
	}
	out := value.Seq{T: t, Elems: make([]value.Value, len(t.Fields))}
	for i := range t.Fields {
		f := &t.Fields[i]
		end := f.Offset + types.Sizeof(f.Type)
		if f.BitSize > 0 {
			end = f.Offset + (f.BitOffset+f.BitSize+7)/8
		}
		if f.Offset < 0 || end > t.Size {
			out.Elems[i] = value.Null{T: f.Type}
			continue
		}
		out.Elems[i] = d.field(b[f.Offset:t.Size], f)
	}
	return out
}

// field decodes a member from its place up to the end of the struct. The bytes of a packed bitfield can be fewer than those of
// its type, or more.
func (d *Decoder) field(b []byte, f *types.Field) value.Value {
	if f.BitSize == 0 {
		return d.member(b, f.Type)
	}
	var near [9]byte
	copy(near[:], b[f.BitOffset/8:(f.BitOffset+f.BitSize+7)/8])
	bit := f.BitOffset % 8
	v := binary.NativeEndian.Uint64(near[:])>>bit | uint64(near[8])<<(64-bit)
	signed := false
	if t, ok := f.Type.(types.Int); ok {
		signed = t.Signed
	}
	return value.Int{T: f.Type, Bits: extend(v, f.BitSize, signed)}
}
