package probe

import (
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/runtime/symbol"
)

// languageCPP is the language in an attach point whose functions go by the names of the source.
const languageCPP = "cpp"

// cppName is a function's name as the source has it, whole and without its parameters.
type cppName struct{ whole, bare string }

func newCPPName(mangled string) cppName {
	whole := symbol.Demangle(mangled)
	return cppName{whole: whole, bare: withoutParameters(whole)}
}

// withoutParameters cuts the parameters, and what stands behind them, from a readable name: the last parentheses in it.
func withoutParameters(name string) string {
	depth := 0
	for i := len(name) - 1; i >= 0; i-- {
		switch name[i] {
		case ')':
			depth++
		case '(':
			if depth--; depth == 0 {
				return name[:i]
			}
		}
	}
	return name
}

// endsInOffset tells an offset from the plus of an operator.
func endsInOffset(name string) bool {
	plus := strings.LastIndexByte(name, '+')
	return plus >= 0 && plus+1 < len(name) && name[plus+1] >= '0' && name[plus+1] <= '9'
}

// matchCPP reports whether a pattern stands for a function: one without parameters for all functions of that name.
func matchCPP(p pattern, mangled string) bool {
	if p.match(mangled) {
		return true
	}
	name := newCPPName(mangled)
	return p.match(name.whole) || p.match(name.bare)
}

// resolveCPP finds the functions by the names that they have in the source. Names of one function, as compilers give them to
// constructors, are one probe.
func (u *uprobe) resolveCPP(bin *symbol.Binary, path string, up uprobePoint) ([]attach.Match, error) {
	var out []attach.Match
	seen := map[uint64]bool{}
	for _, s := range bin.Functions() {
		if seen[s.Addr] || !matchCPP(up.fn, s.Name) {
			continue
		}
		if up.fn.isWild() && (isClone(s.Name) || s.Size == 0 && !up.unsafe) {
			continue
		}
		if err := u.insideFunction(bin, s, up); err != nil {
			return nil, err
		}
		seen[s.Addr] = true
		out = append(out, u.match(path, s.Name, up))
	}
	if len(out) == 0 && !up.fn.isWild() {
		return nil, u.noCPPFunction(bin, path, up.fn.text)
	}
	return out, nil
}

func (u *uprobe) noCPPFunction(bin *symbol.Binary, path, fn string) error {
	var names []string
	for _, s := range bin.Functions() {
		name := newCPPName(s.Name)
		if strings.Contains(fn, "(") {
			names = append(names, name.whole)
		} else {
			names = append(names, name.bare)
		}
	}
	near := diag.Nearest(fn, names)
	if near != "" {
		near = path + ":" + languageCPP + ":" + strconv.Quote(near)
	}
	return noMatch(u.name, 3, path+":"+languageCPP+":"+fn, near)
}

// ListName returns the name of a probe as it is listed, which is what a script would say: functions of C++ by the names of the source.
func ListName(p attach.Probe) string {
	prefix := p.Provider + ":" + p.Target + ":" + languageCPP + ":"
	rest, ok := strings.CutPrefix(p.Name, prefix)
	if !ok || p.Func == "" {
		return p.Name
	}
	return prefix + strconv.Quote(symbol.Demangle(p.Func)) + strings.TrimPrefix(rest, p.Func)
}
