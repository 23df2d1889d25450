package unwind

import (
	"fmt"
	"strings"
)

// section is a section with call frame information.
type section struct {
	data []byte
	// addr is where it is in memory: pointers in .eh_frame are relative to that.
	addr uint64
	// debug is set for .debug_frame, which differs in how entries refer to each other.
	debug bool
	// got is what encData is relative to.
	got uint64
}

// cie is what functions have in common.
type cie struct {
	codeAlign, returnReg uint64
	dataAlign            int64
	enc                  uint8
	augmented            bool
	signal               bool
	program              []byte
}

// fde is a function, or a part of one.
type fde struct {
	cie        *cie
	start, end uint64
	program    []byte
}

// header is the beginning of an entry: what follows it, and where the common entry is that it refers to.
type header struct {
	body   *reader
	common bool
	cie    int
	wide   bool
	end    int
}

// fdes returns the functions of a section. What makes no sense is left out; bad is how often that was.
func (s *section) fdes() (out []fde, bad int) {
	cies := map[int]*cie{}
	for off := 0; off+4 < len(s.data); {
		h, ok := s.header(off)
		if !ok {
			return out, bad + 1 // nobody knows where the next one begins
		}
		if h == nil {
			off += 4 // a terminator: files that were linked from parts have some in between
			continue
		}
		if !h.common {
			f, err := s.fde(h, cies)
			switch {
			case err != nil:
				bad++
			case f.start < f.end:
				out = append(out, f)
			}
		}
		off = h.end
	}
	return out, bad
}

// header reads the beginning of the entry at an offset; it is nil for a terminator.
func (s *section) header(off int) (*header, bool) {
	r := &reader{b: s.data, off: off}
	size := uint64(r.u32())
	h := &header{wide: size == 0xffffffff}
	if h.wide {
		size = r.u64()
	}
	if size == 0 && !r.failed {
		return nil, true
	}
	if r.failed || size > uint64(r.left()) {
		return nil, false
	}
	h.end = r.off + int(size)
	r.b = s.data[:h.end]
	at := r.off
	id := uint64(r.u32())
	if h.wide && s.debug {
		r.off = at
		id = r.u64()
	}
	if r.failed {
		return nil, false
	}
	switch {
	case s.debug && (id == 0xffffffff && !h.wide || id == ^uint64(0)), !s.debug && id == 0:
		h.common = true
	case s.debug:
		h.cie = int(min(id, uint64(len(s.data))))
	default:
		h.cie = at - int(id)
	}
	h.body = r
	return h, true
}

// fde reads the entry of a function.
func (s *section) fde(h *header, cies map[int]*cie) (fde, error) {
	c, ok := cies[h.cie]
	if !ok {
		var err error
		if c, err = s.cie(h.cie); err != nil {
			c = nil
		}
		cies[h.cie] = c
	}
	if c == nil {
		return fde{}, fmt.Errorf("no common entry at %#x", h.cie)
	}
	r := h.body
	f := fde{cie: c, start: r.pointer(c.enc, s.addr, s.got)}
	f.end = f.start + r.number(c.enc)
	if c.augmented {
		r.take(int(min(r.uleb(), uint64(len(r.b)))))
	}
	f.program = r.take(r.left())
	if r.failed {
		return fde{}, errShort
	}
	return f, nil
}

// cie reads the common entry at an offset.
func (s *section) cie(off int) (*cie, error) {
	if off < 0 || off >= len(s.data) {
		return nil, errShort
	}
	h, ok := s.header(off)
	if !ok || h == nil || !h.common {
		return nil, fmt.Errorf("no common entry")
	}
	r, c := h.body, &cie{}
	version := r.u8()
	if version != 1 && version != 3 && version != 4 {
		return nil, fmt.Errorf("unknown version %d", version)
	}
	augmentation := r.text()
	if version == 4 {
		if size, segment := r.u8(), r.u8(); size != 8 || segment != 0 {
			return nil, fmt.Errorf("addresses of %d bytes", size)
		}
	}
	c.codeAlign, c.dataAlign = r.uleb(), r.sleb()
	if version == 1 {
		c.returnReg = uint64(r.u8())
	} else {
		c.returnReg = r.uleb()
	}
	if err := s.augment(c, r, augmentation); err != nil {
		return nil, err
	}
	c.program = r.take(r.left())
	if r.failed {
		return nil, errShort
	}
	return c, nil
}

// augment reads what .eh_frame has besides: "zPLR", "S" for the frames of signals.
func (s *section) augment(c *cie, r *reader, letters string) error {
	rest, ok := strings.CutPrefix(letters, "z")
	if !ok {
		if letters != "" {
			return fmt.Errorf("unknown augmentation %q", letters)
		}
		return nil
	}
	c.augmented = true
	end := r.uleb()
	if end > uint64(r.left()) {
		return errShort
	}
	stop := r.off + int(end)
	for _, l := range rest {
		switch l {
		case 'L':
			r.u8()
		case 'P':
			if enc := r.u8(); enc != encOmitted {
				r.number(enc)
			}
		case 'R':
			c.enc = r.u8()
		case 'S':
			c.signal = true
		case 'B', 'G': // keys for signed pointers and tagged memory, which only arm64 has
		default:
			return fmt.Errorf("unknown augmentation %q", letters)
		}
	}
	r.off = stop
	return nil
}
