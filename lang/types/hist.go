package types

import "math/bits"

// A histogram of hist(n, k) has 2^k sub-buckets for each power of two. Slot 0 counts negative numbers; the numbers 0 to
// 2^k-1 have a slot each (1 to 2^k); from there on, slot 1 + ((e-k+1)<<k) + sub holds the numbers whose highest bit is e
// and whose next k bits are sub.

// HistSlots returns the number of slots of a histogram with 2^k sub-buckets per power of two.
func HistSlots(k int) int { return 1 + (64-k+1)<<k }

// HistSlot returns the slot in which hist(n, k) counts n.
func HistSlot(n int64, k int) int {
	if n < 0 {
		return 0
	}
	if n < 1<<k {
		return 1 + int(n)
	}
	e := bits.Len64(uint64(n)) - 1
	sub := int(uint64(n)>>(e-k)) & (1<<k - 1)
	return 1 + (e-k+1)<<k + sub
}

// HistRange returns the half-open range [lo, hi) of numbers that a slot from 1 on counts; hi is 0 where it would be 2^64.
func HistRange(slot, k int) (lo, hi uint64) {
	i := slot - 1
	if i < 1<<k {
		return uint64(i), uint64(i) + 1
	}
	e := i>>k + k - 1
	sub := uint64(i & (1<<k - 1))
	lo = 1<<e | sub<<(e-k)
	return lo, lo + 1<<(e-k)
}

// HistBounds returns the numbers that the two words behind the counters of a quantile map stand for: the least and the greatest
// number, each in the form of ExtremeMask.
func HistBounds(least, greatest uint64) (lo, hi int64) {
	return int64(least ^ ExtremeMask(Min{Signed: true})), int64(greatest ^ ExtremeMask(Max{Signed: true}))
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
