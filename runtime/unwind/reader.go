package unwind

import (
	"encoding/binary"
	"errors"
)

// errShort says that something ends before it should.
var errShort = errors.New("it ends too early")

// reader reads numbers from bytes. After the first failure everything reads as 0.
type reader struct {
	b      []byte
	off    int
	failed bool
}

func (r *reader) left() int { return len(r.b) - r.off }

// take returns the next n bytes, or nil where there are less.
func (r *reader) take(n int) []byte {
	if r.failed || n < 0 || n > r.left() {
		r.failed = true
		return nil
	}
	out := r.b[r.off : r.off+n]
	r.off += n
	return out
}

func (r *reader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// uleb reads an unsigned number of variable length; bits beyond 64 are dropped.
func (r *reader) uleb() uint64 {
	var n uint64
	for shift := uint(0); ; shift += 7 {
		b := r.u8()
		if shift < 64 {
			n |= uint64(b&0x7f) << shift
		}
		if b&0x80 == 0 {
			return n
		}
	}
}

// sleb is uleb for signed numbers.
func (r *reader) sleb() int64 {
	var n int64
	for shift := uint(0); ; shift += 7 {
		b := r.u8()
		if shift < 64 {
			n |= int64(b&0x7f) << shift
		}
		if b&0x80 == 0 {
			if b&0x40 != 0 && shift+7 < 64 {
				n |= -1 << (shift + 7)
			}
			return n
		}
	}
}

// text reads the bytes before a NUL.
func (r *reader) text() string {
	start := r.off
	for r.u8() != 0 {
	}
	if r.failed {
		return ""
	}
	return string(r.b[start : r.off-1])
}

// The encodings of pointers in .eh_frame: a format, and what the number is relative to.
const (
	encAbsolute = 0x00
	encULEB     = 0x01
	encU2       = 0x02
	encU4       = 0x03
	encU8       = 0x04
	encSLEB     = 0x09
	encS2       = 0x0a
	encS4       = 0x0b
	encS8       = 0x0c

	encRelative = 0x70
	encPC       = 0x10
	encData     = 0x30

	encOmitted = 0xff
)

// number reads a number in the format of a pointer encoding.
func (r *reader) number(enc uint8) uint64 {
	switch enc & 0x0f {
	case encAbsolute, encU8, encS8:
		return r.u64()
	case encULEB:
		return r.uleb()
	case encU2:
		return uint64(r.u16())
	case encU4:
		return uint64(r.u32())
	case encSLEB:
		return uint64(r.sleb())
	case encS2:
		return uint64(int64(int16(r.u16())))
	case encS4:
		return uint64(int64(int32(r.u32())))
	}
	r.failed = true
	return 0
}

// pointer reads an encoded pointer; base is the address of r.b[0], data that which encData is relative to.
func (r *reader) pointer(enc uint8, base, data uint64) uint64 {
	at := base + uint64(r.off)
	n := r.number(enc)
	switch enc & encRelative {
	case encAbsolute:
	case encPC:
		n += at
	case encData:
		n += data
	default:
		r.failed = true
	}
	return n
}
