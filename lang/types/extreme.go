package types

// ExtremeMask returns what the numbers of a Min or Max are combined with (exclusive or), both ways, so that as unsigned numbers the largest is
// the best one, and 0 no better than any.
func ExtremeMask(t Type) uint64 {
	const sign = 1 << 63
	switch t := t.(type) {
	case Max:
		if t.Signed {
			return sign
		}
		return 0
	case Min:
		if t.Signed {
			return ^uint64(sign)
		}
		return ^uint64(0)
	default: // no other type matters here
	}
	panic("BUG: types: the extreme of a " + t.String())
}
