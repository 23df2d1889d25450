package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

// needs is what a predicate and body use of their probe.
type needs struct {
	// args and name say that `args` and `probe` occur; function that `func` does.
	args, name, function bool
}

// passAttach fills Info.Programs: it expands every attach point and gives every group of probes that can share their code
// a clone of predicate and body. The config pass must have run.
func (c *checker) passAttach() error {
	for _, d := range c.prog.Decls {
		p, ok := d.(*ast.ProbeDecl)
		if !ok {
			continue
		}
		if err := c.attachDecl(p); err != nil {
			return err
		}
	}
	c.wantProbes()
	return nil
}

// wantProbes refuses a script without a probe.
func (c *checker) wantProbes() {
	if len(c.info.Programs) == 0 && !c.diags.HasErrors() {
		c.diags.Errorf(c.prog.At, "no-probes", "No probes to attach")
	}
}

// passFilter leaves out the probes that the command line does not want. The types pass must have run, since what is left out is
// checked all the same; programs without a probe are dropped.
func (c *checker) passFilter() {
	if c.opts.Filter == nil {
		return
	}
	wanted := func(p attach.Probe, label string) bool {
		return p.Provider == "begin" || p.Provider == "end" || c.opts.Filter.MatchString(p.Name) || label != "" && c.opts.Filter.MatchString(label)
	}
	c.info.Programs = slices.DeleteFunc(c.info.Programs, func(p *Program) bool {
		p.Probes = slices.DeleteFunc(p.Probes, func(at attach.Probe) bool { return !wanted(at, p.Decl.Name) })
		return len(p.Probes) == 0
	})
	c.wantProbes()
}

// attachDecl expands the attach points of a probe. A wildcard that matches nothing is left out without a word, but a probe must
// be left with something to attach to.
func (c *checker) attachDecl(d *ast.ProbeDecl) error {
	n := c.needsOf(d)
	before := len(c.info.Programs)
	alone := map[string]bool{}
	together := newGroups(c.opts.PerPoint)
	for _, point := range d.Points {
		matches, err := c.attachPoint(point, n)
		if err != nil {
			return err
		}
		if c.mayStand(point, matches, alone) {
			c.addPrograms(d, point, together.add(matches, n))
		}
	}
	if len(c.info.Programs) > before || c.diags.HasErrors() || len(d.Points) == 0 {
		return nil
	}
	at := d.Points[0].At
	switch c.info.Config.MissingProbes {
	case "ignore":
	case "warn":
		c.diags.Warnf(at, codeNoMatch, "Probe has no valid attach points. It is being removed which may cause issues with program behavior.")
	default:
		c.diags.Errorf(at, codeNoMatch, "Probe has no valid attach points. If this is expected, set the 'missing_probes' config variable to 'warn'.")
	}
	return nil
}

// needsOf looks for the builtins that make a difference to the attach points, also in the functions that are called.
func (c *checker) needsOf(d *ast.ProbeDecl) needs {
	var n needs
	seen := map[*function]bool{}
	var look func(e ast.Node) bool
	look = func(e ast.Node) bool {
		name := ""
		switch e := e.(type) {
		case *ast.Ident:
			name = e.Name
		case *ast.CallExpr:
			name = e.Func
		default:
			return true
		}
		if f := c.funcs[name]; f != nil && !seen[f] {
			seen[f] = true
			ast.Walk(f.decl.Body, look)
		}
		if sig, ok := c.opts.Builtins.Signature(name); ok {
			n.args = n.args || sig.Needs == "args"
			n.name = n.name || sig.Needs == "probe"
			n.function = n.function || sig.Needs == "func"
		}
		return true
	}
	if d.Predicate != nil {
		ast.Walk(d.Predicate, look)
	}
	ast.Walk(d.Body, look)
	return n
}

// mayStand reports whether an attach point may stand beside the others; alone are the probe types that stand alone in its probe.
func (c *checker) mayStand(point *ast.AttachPoint, matches []attach.Match, alone map[string]bool) bool {
	for _, m := range matches {
		kind := m.Probe.Provider
		if m.Alone && alone[kind] {
			c.diags.Errorf(point.At, "several-points", "%s probe only supports one attach point.", kind)
			return false
		}
		alone[kind] = m.Alone
		if !m.Once {
			continue
		}
		if other := c.once[m.Probe.Name]; other != nil {
			c.diags.Errorf(point.At, "duplicate-probe", "%q was used as the name for more than one %s probe", m.Probe.Func, strings.ToUpper(kind)).
				Hintf("the other instance is in line %d", other.At.Pos().Line)
			return false
		}
		c.once[m.Probe.Name] = point
	}
	return true
}

// attachPoint expands one attach point.
func (c *checker) attachPoint(point *ast.AttachPoint, n needs) ([]attach.Match, error) {
	if len(point.Parts) == 0 {
		return nil, nil
	}
	parts, from := c.expandPoint(point)
	p := attach.Point{Type: parts[0], Parts: parts[1:]}
	provider, ok := c.opts.Providers.Provider(p.Type)
	if !ok {
		e := c.diags.Errorf(point.Parts[0].At, "unknown-probe-type", "Invalid probe type: %s", p.Type)
		suggest(e, strings.ToLower(p.Type), c.opts.Providers.Names())
		return nil, nil
	}
	matches, err := provider.Resolve(p, ResolveOptions{PID: c.opts.PID, NeedArgs: n.args, Unsafe: c.opts.Unsafe})
	written := strings.Join(p.Parts, ":")
	var perr *PointError
	switch {
	case errors.As(err, &perr):
		e := *perr
		if e.Part >= 0 && e.Part < len(from) {
			e.Part = from[e.Part]
		}
		c.pointError(point, &e)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", point.At.Text(), err)
	case len(matches) == 0 && !strings.Contains(written, "*"):
		c.pointError(point, &PointError{Part: -1, Code: codeNoMatch, Message: fmt.Sprintf("No matches for %s %s.", provider.Name(), written)})
	default:
		for i := range matches {
			matches[i].Probe.Wildcard = strings.Contains(written, "*")
			if w := matches[i].Warning; w != "" {
				c.diags.Warnf(point.At, "unsafe-place", "%s", w)
			}
		}
		return matches, nil
	}
	return nil, nil
}

// codeNoMatch is the code of an attach point that stands for no probe; missing_probes decides how bad that is.
const codeNoMatch diag.Code = "no-match"

// pointError reports what a provider said.
func (c *checker) pointError(point *ast.AttachPoint, e *PointError) {
	c.unresolved = true
	span := point.At
	if e.Part >= 0 && e.Part < len(point.Parts) {
		span = point.Parts[e.Part].At
	}
	report, message := c.diags.Errorf, e.Message
	if e.Code == codeNoMatch {
		switch c.info.Config.MissingProbes {
		case "ignore":
			return
		case "warn":
			report, message = c.diags.Warnf, strings.TrimSuffix(e.Message, ".")+". Skipping."
		}
	}
	if d := report(span, e.Code, "%s", message); e.Hint != "" {
		d.Hint = e.Hint
	}
}

// The ways in which attach.Context.Func knows the function.
const (
	funcByName = "name"
	funcByIP   = "ip"
)

// probeEnv is what result types of builtins may depend on in a program.
func (c *checker) probeEnv(p *Program) types.Env {
	env := types.Env{
		MaxStrlen: c.info.Config.MaxStrlen, StackMode: c.info.Config.StackMode,
		Probe: types.String{Size: len(p.Probes[0].Name) + 1}, Kernel: c.kernelType, Provider: p.Probes[0].Provider,
	}
	kind := p.Probes[0].Kind
	env.Registers = kind == attach.KindKprobe || kind == attach.KindPerfEvent
	if h := c.opts.Host; h != nil {
		env.Symbol = h.SymbolAddress
	}
	if h, ok := c.opts.Host.(CgroupHost); ok {
		env.CgroupID = h.CgroupID
	}
	if h, ok := c.opts.Host.(KfuncHost); ok {
		env.Kfunc = func(name string) (bool, bool) { return h.Kfunc(kind, name) }
	}
	env.UserSymbol = func(name string) (int, error) {
		s, err := c.userSymbol(p.Probes[0], name)
		return int(s.Size), err
	}
	ctx := p.Context
	for _, v := range ctx.ArgN {
		env.ArgN = append(env.ArgN, register(v.Type, ctx))
	}
	if ctx.Retval != nil {
		env.Retval = register(ctx.Retval.Type, ctx)
	}
	if ctx.Args != nil {
		env.Args = ctx.Args
	}
	if ctx.Ctx != nil {
		env.Ctx = ctx.Ctx
	}
	switch ctx.Func {
	case funcByName:
		env.Func = types.String{Size: len(p.Probes[0].Func) + 1}
	case funcByIP:
		env.Func = types.Ksym{}
		if ctx.UserSpace {
			env.Func = types.Usym{}
		}
	}
	return env
}

// register is the type of a register of a probe: what may be an address is one in the memory of the process where that is traced.
func register(t types.Type, ctx *attach.Context) types.Type {
	n, ok := t.(types.Int)
	if !ok || n.Size < 8 || !ctx.UserSpace {
		return t
	}
	n.Space = types.SpaceUser
	return n
}

func (c *checker) kernelSymbol(name string) (uint64, bool) {
	if c.opts.Host == nil {
		return 0, false
	}
	return c.opts.Host.SymbolAddress(name)
}

func (c *checker) userSymbol(p attach.Probe, name string) (UserSymbol, error) {
	h, ok := c.opts.Host.(UserHost)
	if !ok {
		return UserSymbol{}, errors.New("needs the machine that the script is to run on")
	}
	return h.UserSymbol(p, name)
}

func (c *checker) kernelType(keyword, name string) (types.Type, error) {
	if c.opts.Host == nil {
		return nil, ErrNoType
	}
	return c.opts.Host.TypeByName(keyword, name)
}
