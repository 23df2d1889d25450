package complete

import (
	"slices"
	"sort"
	"strings"
)

// answer collects the candidates for one question.
type answer struct {
	src Source
	// start is where the word begins, prefix its text up to the cursor, next the character at the cursor, or 0.
	start  int
	prefix string
	next   byte

	found  []Candidate
	total  int
	common string
}

// word says what is being completed.
func (a *answer) word(start int, prefix string) { a.start, a.prefix = start, prefix }

// add adds a candidate if it begins with the word.
func (a *answer) add(text, detail string) {
	if !strings.HasPrefix(text, a.prefix) {
		return
	}
	text = a.clip(text)
	if slices.ContainsFunc(a.found, func(c Candidate) bool { return c.Text == text }) {
		return // a keyword and a builtin
	}
	a.note(text, 1)
	if len(a.found) < Limit {
		a.found = append(a.found, Candidate{Text: text, Detail: detail})
	}
}

// clip drops a last character that stands behind the cursor already: completing `pri|(@x)` is not to write two parentheses.
func (a *answer) clip(text string) string {
	last := len(text) - 1
	if last >= len(a.prefix) && last >= 0 && text[last] == a.next && strings.IndexByte("(:/\"", a.next) >= 0 {
		return text[:last]
	}
	return text
}

// note counts n candidates, text being one of them.
func (a *answer) note(text string, n int) {
	if a.total == 0 {
		a.common = text
	}
	a.total += n
	a.common = a.common[:commonLen(a.common, text)]
}

func commonLen(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// addAll adds the names of a sorted list that begin with the word. It looks only at those that end up in the result.
func (a *answer) addAll(n Names) { a.addQuoted(n, "") }

// addQuoted is addAll with a text before each name: "struct " where the whole type is the word.
func (a *answer) addQuoted(n Names, before string) {
	rest, ok := strings.CutPrefix(a.prefix, before)
	if !ok {
		if !strings.HasPrefix(before, a.prefix) {
			return
		}
		rest = ""
	}
	list := withPrefix(n.List, rest)
	if len(list) == 0 {
		return
	}
	first, last := a.clip(before+list[0]+n.Suffix), a.clip(before+list[len(list)-1]+n.Suffix)
	a.note(first, 1)
	if len(list) > 1 {
		a.note(last, len(list)-1)
	}
	a.pick(list, len(rest), n, before)
}

// pick adds the names worth showing: those that go on with an underscore or a dot come last.
func (a *answer) pick(list []string, typed int, n Names, before string) {
	inner := func(name string) bool { return len(name) > typed && (name[typed] == '_' || name[typed] == '.') }
	for _, wanted := range []bool{false, true} {
		for _, name := range list {
			if len(a.found) >= Limit {
				return
			}
			if inner(name) == wanted {
				a.found = append(a.found, Candidate{Text: a.clip(before + name + n.Suffix), Detail: n.Detail})
			}
		}
	}
}

// withPrefix returns the part of a sorted list that begins with a prefix.
func withPrefix(list []string, prefix string) []string {
	lo, _ := slices.BinarySearch(list, prefix)
	n := sort.Search(len(list)-lo, func(i int) bool { return !strings.HasPrefix(list[lo+i], prefix) })
	return list[lo : lo+n]
}

// result returns what was collected.
func (a *answer) result() Result {
	return Result{Start: a.start, Candidates: a.found, Total: a.total, Common: a.common}
}
