package complete

import (
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
)

// analysis is what the checker says about the text up to the cursor.
type analysis struct {
	// typ is the type of the expression that was asked about, nil if it has none.
	typ types.Type
	// vars are the types of the scratch variables by name without the dollar sign, maps all script maps.
	vars map[string]types.Type
	maps []*check.Map
	// context is what the probe offers, nil if it is not known; args says that it has arguments by name.
	context *attach.Context
	args    bool
}

// marker is the variable that the expression in question is assigned to.
const marker = "completion__"

// analyse cuts the text at the statement that holds the cursor, puts an assignment of an expression in its place, closes what is open
// and has it checked.
func (b *body) analyse(expr string) *analysis {
	out := &analysis{vars: map[string]types.Type{}}
	info := b.src.Check(b.program(expr), func(p check.Providers) check.Providers { return tolerant{p, b.script} })
	if info == nil {
		return out
	}
	out.maps = info.Maps
	for _, p := range info.Programs {
		out.read(info, p)
	}
	return out
}

// program returns the text that is checked.
func (b *body) program(expr string) string {
	var t strings.Builder
	t.WriteString(b.src.Prelude() + "\n" + b.text[:b.item] + "\n")
	t.WriteString(b.head + " { " + b.lets)
	if !b.predicate {
		end := b.code.from
		if first := b.code.statement(); first < len(b.code.toks) {
			end = b.code.toks[first].start
		} else if n := len(b.code.toks); n > 0 {
			end = b.code.toks[n-1].end
		}
		t.WriteString(b.text[b.code.from:end])
	}
	t.WriteString(" $" + marker + " = " + expr + ";")
	if !b.predicate {
		t.WriteString(b.code.closers())
	}
	t.WriteString(" }")
	return t.String()
}

// read takes what the checker found out about a program.
func (a *analysis) read(info *check.Info, p *check.Program) {
	asked := false
	ast.Walk(p.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.VarExpr:
			if v := info.Vars[n]; v != nil && !types.IsInvalid(v.Type) {
				a.vars[v.Name] = v.Type
			}
		case *ast.AssignStmt:
			if v, ok := n.Target.(*ast.VarExpr); ok && v.Name == marker {
				asked = true
				a.answer(info.Types[n.Value])
			}
		}
		return true
	})
	if asked && a.context == nil {
		a.context, a.args = p.Context, p.Context.Args != nil
	}
}

// answer keeps the first type of several attach points that says something.
func (a *analysis) answer(t types.Type) {
	if types.IsInvalid(a.typ) && !types.IsInvalid(t) {
		a.typ = t
	}
}

// offers reports whether a builtin may be used in the probe.
func (a *analysis) offers(name string, sig *types.Signature) bool {
	ctx := a.context
	if ctx == nil {
		return true
	}
	switch sig.Needs {
	case "args":
		return a.args
	case "argn":
		n, ok := strings.CutPrefix(name, "arg")
		return !ok || n == "" || int(n[0]-'0') < len(ctx.ArgN)
	case "retval":
		return ctx.Retval != nil
	case "func":
		return ctx.Func != ""
	case "stack":
		return ctx.Stack
	}
	return true
}

// tolerant are probe types for texts that are not finished: a wildcard stands for the first that it matches, and what does not exist
// offers nothing but is no reason to know nothing of the body.
type tolerant struct {
	check.Providers
	script *script
}

// Provider returns a probe type, or one that offers nothing.
func (t tolerant) Provider(name string) (check.Provider, bool) {
	p, ok := t.Providers.Provider(name)
	if !ok {
		return tolerantProvider{nil, t.script}, true
	}
	return tolerantProvider{p, t.script}, true
}

type tolerantProvider struct {
	provider check.Provider
	script   *script
}

// Name returns the name of the probe type.
func (t tolerantProvider) Name() string {
	if t.provider == nil {
		return "unknown"
	}
	return t.provider.Name()
}

// Resolve returns one probe, whatever happens.
func (t tolerantProvider) Resolve(p attach.Point, opts check.ResolveOptions) ([]attach.Match, error) {
	if t.provider != nil {
		p.Parts = t.script.first(t.Name(), p.Parts)
		if ms, err := t.provider.Resolve(p, opts); err == nil && len(ms) > 0 {
			return ms[:1], nil
		}
	}
	name := t.Name() + ":" + strings.Join(p.Parts, ":")
	return []attach.Match{{
		Probe:   attach.Probe{Provider: t.Name(), Name: name, Kind: attach.KindTestRun},
		Context: &attach.Context{ID: name, Stack: true},
	}}, nil
}

// first replaces the wildcards of an attach point by the first names that match them.
func (s *script) first(kind string, parts []string) []string {
	out := append([]string(nil), parts...)
	for i, part := range out {
		fixed, _, wild := strings.Cut(part, "*")
		if !wild {
			continue
		}
		if name, ok := s.firstMatch(kind, out[:i], part, fixed, i == len(out)-1); ok {
			out[i] = name
		}
	}
	return out
}

// firstMatch returns the first name for a pattern among those that can stand there, last or with a part behind it.
func (s *script) firstMatch(kind string, before []string, pattern, fixed string, last bool) (string, bool) {
	for _, n := range s.src.Part(kind, before, fixed) {
		if last == (n.Suffix == ":") {
			continue
		}
		for _, name := range withPrefix(n.List, fixed) {
			if matches(pattern, name) {
				return name, true
			}
		}
	}
	return "", false
}

// matches reports whether a pattern, in which each * stands for any text, stands for a name.
func matches(pattern, name string) bool {
	pieces := strings.Split(pattern, "*")
	last := len(pieces) - 1
	name, ok := strings.CutPrefix(name, pieces[0])
	if !ok || last == 0 {
		return ok && name == ""
	}
	for _, piece := range pieces[1:last] {
		_, rest, found := strings.Cut(name, piece)
		if !found {
			return false
		}
		name = rest
	}
	return strings.HasSuffix(name, pieces[last])
}
