package probe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
)

// The codes of what can be wrong with an attach point.
const (
	codeSyntax      diag.Code = "attach-point"      // its text
	codeNoMatch     diag.Code = "no-match"          // nothing of that name
	codeUnsupported diag.Code = "unsupported"       // gtrace or the kernel cannot do it
	codeUnsafe      diag.Code = "unsafe-probe"      // only with --unsafe
	codeAmbiguous   diag.Code = "ambiguous-probe"   // more than one thing of that name
	codeTarget      diag.Code = "no-such-target"    // no such file or module
	codeUnreadable  diag.Code = "unreadable-target" // the file cannot be read
)

// wholePoint as the part of a PointError marks the attach point as a whole.
const wholePoint = -1

func pointError(part int, code diag.Code, format string, args ...any) *check.PointError {
	return &check.PointError{Part: part, Code: code, Message: fmt.Sprintf(format, args...)}
}

// wantParts checks the number of parts; counts are the allowed ones.
func wantParts(name string, pt attach.Point, counts ...int) *check.PointError {
	if slices.Contains(counts, len(pt.Parts)) {
		return nil
	}
	words := make([]string, len(counts))
	for i, n := range counts {
		words[i] = fmt.Sprint(n)
	}
	return pointError(wholePoint, codeSyntax, "%s probe type requires %s arguments, found %d", name, strings.Join(words, " or "), len(pt.Parts))
}

// noMatch says that nothing has the name, with the nearest name as a hint; written is the attach point without its type.
func noMatch(name string, part int, written, nearest string) *check.PointError {
	e := pointError(part, codeNoMatch, "No matches for %s %s.", name, written)
	if nearest != "" {
		e.Hint = fmt.Sprintf("did you mean %s:%s?", name, nearest)
	}
	return e
}

// sortMatches sorts by name and drops doubles.
func sortMatches(ms []attach.Match) []attach.Match {
	slices.SortStableFunc(ms, func(a, b attach.Match) int { return strings.Compare(a.Probe.Name, b.Probe.Name) })
	return slices.CompactFunc(ms, func(a, b attach.Match) bool { return a.Probe == b.Probe })
}
