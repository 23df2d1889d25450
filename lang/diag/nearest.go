package diag

// Nearest returns the candidate closest to name by edit distance (insert, delete, replace, swap of neighbours), or "" if
// none is close enough to be worth suggesting: at most one edit for each three characters, and fewer than there are. Ties go to the
// earlier one.
func Nearest(name string, candidates []string) string {
	best, limit := "", min(max(1, len(name)/3)+1, len(name))
	for _, c := range candidates {
		if c == name {
			continue
		}
		if d := distance(name, c, limit); d < limit {
			best, limit = c, d
		}
	}
	return best
}

// distance is the optimal string alignment distance, or limit if it is not below limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	var room [3][64]int // enough for most names
	prev2, prev, cur := room[0][:], room[1][:], room[2][:]
	if n := len(b) + 1; n > len(cur) {
		prev2, prev, cur = make([]int, n), make([]int, n), make([]int, n)
	}
	prev = prev[:len(b)+1]
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		low := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
			low = min(low, cur[j])
		}
		if low >= limit {
			return limit
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return min(prev[len(b)], limit)
}
