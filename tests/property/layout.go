package property

import (
	"bytes"
	endian "encoding/binary"
	"fmt"
	"strings"
)

// memoryAt is where the structs of a program lie in this process; programs that run at the same time have memory behind one another.
const (
	memoryAt   = 0x7100_0000_0000
	memorySize = 4096
)

// A structDecl is a struct of the program's C part, laid out by the rules of C on amd64.
type structDecl struct {
	name   string
	packed bool
	fields []field
	size   int
	align  int
}

type field struct {
	name   string
	shape  shape
	t      intType // of ints and of elements of arrays
	bits   int     // of bit fields
	at     int     // in bits
	inside *structDecl
}

// add lays out one more field.
func (d *structDecl) add(f field) {
	size, align := f.size(), f.align()
	if d.packed {
		align = 1
	}
	end := d.size // in bits until done
	switch {
	case f.bits > 0 && end/(8*size) != (end+f.bits-1)/(8*size):
		end = (end + 8*size - 1) / (8 * size) * 8 * size // a bit field does not cross a boundary of its type
	case f.bits == 0:
		end = (end + 8*align - 1) / (8 * align) * 8 * align
	}
	f.at = end
	d.size = end + 8*size
	if f.bits > 0 {
		d.size = end + f.bits
	}
	d.align = max(d.align, align)
	d.fields = append(d.fields, f)
}

func (d *structDecl) done() {
	d.align = max(d.align, 1)
	d.size = ((d.size+7)/8 + d.align - 1) / d.align * d.align
}

func (f field) size() int {
	switch {
	case f.inside != nil && f.shape.kind == arrayShape:
		return f.inside.size * len(f.shape.elems)
	case f.inside != nil:
		return f.inside.size
	case f.shape.kind == arrayShape:
		return f.t.size * len(f.shape.elems)
	case f.shape.kind == strShape:
		return f.shape.cap
	}
	return f.t.size
}

func (f field) align() int {
	switch {
	case f.inside != nil:
		return f.inside.align
	case f.shape.kind == strShape:
		return 1
	}
	return f.t.size
}

func (d *structDecl) shape() shape {
	s := shape{kind: structShape, struct_: d}
	for _, f := range d.fields {
		s.names = append(s.names, f.name)
		s.elems = append(s.elems, f.shape)
	}
	return s
}

var cNames = map[intType]string{
	{1, true}: "signed char", {2, true}: "short", {4, true}: "int", {8, true}: "long long",
	{1, false}: "unsigned char", {2, false}: "unsigned short", {4, false}: "unsigned int", {8, false}: "unsigned long",
}

func (d *structDecl) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "struct %s {\n", d.name)
	for _, f := range d.fields {
		kind, suffix := cNames[f.t], ""
		switch {
		case f.inside != nil:
			kind = "struct " + f.inside.name
		case f.shape.kind == strShape:
			kind, suffix = "char", fmt.Sprintf("[%d]", f.shape.cap)
		case f.bits > 0:
			suffix = fmt.Sprintf(" : %d", f.bits)
		}
		if f.shape.kind == arrayShape {
			suffix = fmt.Sprintf("[%d]", len(f.shape.elems))
		}
		fmt.Fprintf(&b, "  %s %s%s;\n", kind, f.name, suffix)
	}
	b.WriteString("}")
	if d.packed {
		b.WriteString(" __attribute__((packed))")
	}
	b.WriteString(";\n")
	return b.String()
}

// read takes a struct out of memory.
func (d *structDecl) read(mem []byte) val {
	var out []val
	for _, f := range d.fields {
		out = append(out, f.read(mem))
	}
	return out
}

func (f field) read(mem []byte) val {
	at := mem[f.at/8:]
	switch {
	case f.shape.kind == arrayShape:
		var out []val
		for i := range f.shape.elems {
			if f.inside != nil {
				out = append(out, f.inside.read(at[i*f.inside.size:]))
				continue
			}
			out = append(out, readInt(at[i*f.t.size:], f.t))
		}
		return out
	case f.inside != nil:
		return f.inside.read(at)
	case f.shape.kind == strShape:
		text, _, _ := bytes.Cut(at[:f.shape.cap], []byte{0})
		return string(text)
	case f.bits > 0:
		return readBits(mem, f.at, f.bits, f.t.signed)
	}
	return readInt(at, f.t)
}

func readInt(b []byte, t intType) uint64 {
	var buf [8]byte
	copy(buf[:], b[:t.size])
	return fit(endian.LittleEndian.Uint64(buf[:]), t)
}

func readBits(b []byte, at, n int, signed bool) uint64 {
	v := uint64(0)
	for i := range n {
		v |= uint64(b[(at+i)/8]>>((at+i)%8)&1) << i
	}
	if signed {
		return uint64(int64(v<<(64-n)) >> (64 - n))
	}
	return v
}
