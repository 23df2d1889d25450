package emit

import (
	"math"
	"math/bits"
)

// byteSet is a set of bytes of memory, a bit for each.
type byteSet []uint64

// set adds the bytes of a range.
func (s *byteSet) set(r interval) {
	s.grow((r.to + 63) / 64)
	for at := r.from; at < r.to; {
		n := min(64-at%64, r.to-at)
		(*s)[at/64] |= (1<<n - 1) << (at % 64)
		at += n
	}
}

// add adds another set.
func (s *byteSet) add(o byteSet) {
	s.grow(len(o))
	for i, w := range o {
		(*s)[i] |= w
	}
}

func (s *byteSet) grow(words int) {
	for len(*s) < words {
		*s = append(*s, 0)
	}
}

// gap returns the lowest multiple of align from which on n bytes are not in the set.
func (s byteSet) gap(n, align int) int {
	for from := 0; ; {
		taken := s.next(from, 0)
		if taken >= from+n {
			return from
		}
		from = alignUp(s.next(taken, ^uint64(0)), align)
	}
}

// next returns the first byte from at on that is in the set, or, if flip is all ones, that is not. Those behind its end are both.
func (s byteSet) next(at int, flip uint64) int {
	for i := at / 64; i < len(s); i++ {
		if w := (s[i] ^ flip) >> (at % 64); w != 0 {
			return at + bits.TrailingZeros64(w)
		}
		at = 64 * (i + 1)
	}
	if flip != 0 {
		return at
	}
	return math.MaxInt
}
