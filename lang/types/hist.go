package types

import "math/bits"

// The buckets of a histogram have 2^k sub-buckets for each power of two: the numbers 0 to 2^k-1 are buckets 0 to 2^k-1, from there on
// bucket (e-k+1)<<k + sub holds the numbers whose highest bit is e and whose next k bits are sub.
//
// The slot of bucket i is Zero()+i. In front of it, a histogram that is Signed has the mirrored buckets of negative numbers, where n is
// counted as ^n is: slot Zero()-1-i. Any other has slot 0, where hist counts all negative numbers.

// maxNegativeBits bounds k for negative numbers: their errors may be twice as large, since they are few, as a rule, and memory is not.
const maxNegativeBits = 4

// NegativeBits is to negative numbers of a Signed histogram what Bits is to the others.
func (t Hist) NegativeBits() int { return min(t.Bits, maxNegativeBits) }

// Zero returns the slot in which 0 is counted.
func (t Hist) Zero() int {
	if t.Signed {
		k := t.NegativeBits()
		return (64 - k) << k
	}
	return 1
}

// Slots returns the number of slots.
func (t Hist) Slots() int {
	if t.Signed {
		return t.Zero() + (64-t.Bits)<<t.Bits
	}
	return t.Zero() + (65-t.Bits)<<t.Bits
}

// AnyUnsigned reports whether numbers are counted as unsigned ones, up to 2^64-1. hist takes them all for signed ones, as bpftrace does.
func (t Hist) AnyUnsigned() bool { return !t.Signed && (t.Fit || t.Quantiles != "") }

// Slot returns the slot in which n is counted, the bits of an unsigned number where the histogram is one of such.
func (t Hist) Slot(n int64) int {
	switch {
	case n >= 0 || t.AnyUnsigned():
		return t.Zero() + bucket(uint64(n), t.Bits)
	case t.Signed:
		return t.Zero() - 1 - bucket(uint64(^n), t.NegativeBits())
	}
	return 0
}

// Range returns the half-open range [lo, hi) of numbers that a slot counts, in 64 bits: hi is 0 where it would be 2^64. Slot 0 of a
// histogram that is not Signed has none.
func (t Hist) Range(slot int) (lo, hi uint64) {
	if i := slot - t.Zero(); i >= 0 {
		return bucketRange(i, t.Bits)
	}
	lo, hi = bucketRange(t.Zero()-1-slot, t.NegativeBits())
	return -hi, -lo
}

func bucket(n uint64, k int) int {
	if n < 1<<k {
		return int(n)
	}
	e := bits.Len64(n) - 1
	sub := int(n>>(e-k)) & (1<<k - 1)
	return (e-k+1)<<k + sub
}

func bucketRange(i, k int) (lo, hi uint64) {
	if i < 1<<k {
		return uint64(i), uint64(i) + 1
	}
	e := i>>k + k - 1
	sub := uint64(i & (1<<k - 1))
	lo = 1<<e | sub<<(e-k)
	return lo, lo + 1<<(e-k)
}

// BoundMasks returns what numbers are combined with in the two words behind the counters of a quantile map, as ExtremeMask says: those of
// the least and of the greatest number.
func (t Hist) BoundMasks() (least, greatest uint64) {
	return ExtremeMask(Min{Signed: t.Signed}), ExtremeMask(Max{Signed: t.Signed})
}

// Bounds returns the numbers that these two words stand for.
func (t Hist) Bounds(least, greatest uint64) (lo, hi uint64) {
	l, g := t.BoundMasks()
	return least ^ l, greatest ^ g
}

// Slots returns the number of slots: one below the range, one for each step, one above the range.
func (t LHist) Slots() int { return int((t.Max-t.Min)/t.Step) + 2 }

// Slot returns the slot in which n is counted. Slot 0 is below Min; the last slot is at or above Max.
func (t LHist) Slot(n int64) int {
	switch {
	case n < t.Min:
		return 0
	case n >= t.Max:
		return t.Slots() - 1
	}
	return 1 + int((n-t.Min)/t.Step)
}
