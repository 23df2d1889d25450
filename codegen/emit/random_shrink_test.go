package emit_test

import (
	"regexp"
	"strings"

	"github.com/gtrace/gtrace/codegen/ir"
)

// shrinkModule leaves lines out of the text of a module, or makes them simpler, as long as the module fails.
func shrinkModule(text string, fails func(*ir.Module) bool) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	stores := strings.Count(text, "store ")
	try := func(with []string) bool {
		// Without its stores a slot would hold what the kernel's stack held before, which is no failure.
		if strings.Count(strings.Join(with, "\n"), "store ") != stores {
			return false
		}
		m, err := ir.Parse(strings.Join(with, "\n") + "\n")
		if err != nil || ir.Validate(m) != nil || !fails(m) {
			return false
		}
		lines = with
		return true
	}
	for changed := true; changed; {
		changed = false
		for n := len(lines) / 2; n > 0; n /= 2 {
			for i := len(lines) - n; i >= 0; i -= n {
				changed = try(append(lines[:i:i], lines[i+n:]...)) || changed
				i = min(i, len(lines))
			}
		}
		for again := true; again; {
			again = false
			for _, with := range withoutParams(lines) {
				if try(with) {
					again, changed = true, true
					break
				}
			}
		}
		for i := len(lines) - 1; i >= 0; i-- {
			for _, simple := range simpler(lines[i]) {
				with := append([]string(nil), lines...)
				with[i] = simple
				if try(with) {
					changed = true
					break
				}
			}
		}
	}
	return strings.Join(lines, "\n")
}

// withoutParams returns the text without one of the parameters of its blocks, once for each; the parameter becomes a constant.
func withoutParams(lines []string) (out [][]string) {
	for i, line := range lines {
		m := headerLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		params := strings.Split(m[3], ", ")
		jumps := regexp.MustCompile(`\b` + m[1] + `\(([^)]*)\)`)
		for k, param := range params {
			name, _, _ := strings.Cut(param, ":")
			var with []string
			for j, l := range lines {
				switch {
				case j == i:
					with = append(with, m[1]+m[2]+list(params, k)+":", "  "+name+" = const 0")
				default:
					with = append(with, jumps.ReplaceAllStringFunc(l, func(s string) string {
						args := strings.Split(jumps.FindStringSubmatch(s)[1], ", ")
						if len(args) != len(params) {
							return s // a block of another function
						}
						return m[1] + list(args, k)
					}))
				}
			}
			out = append(out, with)
		}
	}
	return out
}

// list writes all but one element of a list in parentheses.
func list(all []string, but int) string {
	rest := append(append([]string(nil), all[:but]...), all[but+1:]...)
	if len(rest) == 0 {
		return ""
	}
	return "(" + strings.Join(rest, ", ") + ")"
}

var (
	headerLine = regexp.MustCompile(`^(b\d+)([^(]*)\((.*)\):$`)
	resultLine = regexp.MustCompile(`^(\s*%\d+) = (.*)$`)
	branchLine = regexp.MustCompile(`^(\s*)branch %\d+, (b\d+(?:\([^)]*\))?), (b\d+(?:\([^)]*\))?)$`)
	jumpLine   = regexp.MustCompile(`^(\s*)jump `)
)

// simpler returns lines that may stand for one.
func simpler(line string) []string {
	if m := branchLine.FindStringSubmatch(line); m != nil {
		return []string{m[1] + "return", m[1] + "jump " + m[2], m[1] + "jump " + m[3]}
	}
	if m := jumpLine.FindStringSubmatch(line); m != nil {
		return []string{m[1] + "return"}
	}
	if m := resultLine.FindStringSubmatch(line); m != nil && !strings.HasPrefix(m[2], "const ") {
		return []string{m[1] + " = const 0", m[1] + " = const 1"}
	}
	return nil
}
