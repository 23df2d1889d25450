package check

import (
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

// passComptime decides each `if comptime`: the branch that is taken stands in its place, the other one is dropped before anyone
// looks at it. What typeinfo says of a type becomes a record. The attach pass must have run, since a condition may ask about the
// probe; what the passes after this one find out is forgotten again, for a condition may ask about types too.
//
// Such a condition is decided with all that depends on an undecided one passed over, so that each round decides at least the
// outermost ones.
func (c *checker) passComptime() {
	for c.hasUndecided() {
		said, versions := c.diags, len(c.bodyOrder)
		c.diags = &diag.List{}
		c.passResolve()
		c.settle()
		c.diags = said
		progress := versions < len(c.bodyOrder) || c.decideAll()
		c.reset()
		if !progress {
			return
		}
	}
}

// hasUndecided collects what is to be decided: in the programs, and in the versions of functions, which the first round makes.
func (c *checker) hasUndecided() bool {
	c.undecided = map[ast.Node]bool{}
	for _, p := range c.info.Programs {
		if p.Predicate != nil {
			c.findUndecided(p.Predicate)
		}
		c.findUndecided(p.Body)
	}
	for _, k := range c.bodyOrder {
		c.findUndecided(c.bodies[k])
	}
	if len(c.bodyOrder) == 0 {
		for _, f := range c.funcOrder {
			c.findUndecided(f.decl.Body)
		}
	}
	return len(c.undecided) > 0
}

func (c *checker) findUndecided(root ast.Node) {
	ast.Walk(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			if n.Comptime {
				c.undecided[n] = true
			}
		case *ast.IfExpr:
			if n.Comptime {
				c.undecided[n] = true
			}
		case *ast.TypeinfoExpr:
			c.undecided[n] = true
		}
		return !c.undecided[n]
	})
}

// decideAll decides what the types known so far allow to decide. It reports whether that was anything; where it was not, it says
// which conditions cannot be known, and leaves nothing of them.
func (c *checker) decideAll() bool {
	progress := false
	d := decider{c: c}
	r := &d.rewriter
	r.Stmt, r.Expr = d.stmt, d.expr
	for pass := range 2 {
		d.give = pass == 1
		for _, p := range c.info.Programs {
			c.program, c.env = p, c.probeEnv(p)
			p.Predicate = r.Expression(p.Predicate)
			r.Block(p.Body)
		}
		for _, k := range c.bodyOrder {
			c.program, c.env = k.program, c.probeEnv(k.program)
			r.Block(c.bodies[k])
		}
		if progress = d.decided; progress {
			return true
		}
	}
	return false
}

// decider replaces what is decided.
type decider struct {
	c        *checker
	rewriter ast.Rewriter
	decided  bool
	// give makes it report what is not known.
	give bool
}

func (d *decider) stmt(s ast.Stmt) (ast.Stmt, bool) {
	i, ok := s.(*ast.IfStmt)
	if !ok || !d.c.undecided[i] {
		return s, false
	}
	taken, ok := d.condition(i, i.Cond)
	empty := &ast.BlockStmt{Place: i.Place, Body: &ast.Block{Place: i.Place}}
	switch {
	case !ok && d.give:
		return empty, true
	case !ok:
		i.Cond = d.rewriter.Expression(i.Cond)
		return s, true
	case taken:
		return &ast.BlockStmt{Place: i.Then.Place, Body: i.Then}, true
	case i.Else != nil:
		return i.Else, true
	}
	return empty, true
}

func (d *decider) expr(x ast.Expr) (ast.Expr, bool) {
	switch x := x.(type) {
	case *ast.IfExpr:
		if d.c.undecided[x] {
			return d.ifExpr(x), true
		}
	case *ast.TypeinfoExpr:
		if r := d.typeinfo(x); r != nil {
			return r, true
		}
	default: // nothing else is decided
	}
	return x, false
}

func (d *decider) ifExpr(x *ast.IfExpr) ast.Expr {
	taken, ok := d.condition(x, x.Cond)
	switch {
	case !ok && d.give:
		return &ast.BadExpr{Place: x.Place}
	case !ok:
		x.Cond = d.rewriter.Expression(x.Cond)
		return x
	case taken:
		return x.Then
	case x.Else != nil:
		return x.Else
	}
	return &ast.BlockExpr{Place: x.Place}
}

// condition returns the value of a condition if it is known.
func (d *decider) condition(n ast.Node, cond ast.Expr) (taken, ok bool) {
	if k, known := d.c.info.Consts[cond]; known {
		d.decided = true
		return k.Int != 0 || k.IsStr && k.Str != "", true
	}
	if d.give {
		d.c.notComptime(n, cond)
	}
	return false, false
}

// notComptime reports a value that the compiler does not know, or what is wrong with it.
func (c *checker) notComptime(n ast.Node, x ast.Expr) {
	before := len(c.diags.All())
	c.report = true
	c.expr(x)
	c.report = false
	if len(c.diags.All()) > before && c.diags.HasErrors() {
		return
	}
	c.diags.Errorf(comptimeSpan(n, x), "not-comptime", "Unable to resolve comptime expression")
}

// comptimeSpan is the span of `comptime (x)` in an if.
func comptimeSpan(n ast.Node, x ast.Expr) diag.Span {
	at, text := n.Span(), n.Span().Text()
	from := strings.Index(text, "comptime")
	if from < 0 || x.Span().File != at.File {
		return at
	}
	end := x.Span().End - at.Start
	if strings.HasPrefix(strings.TrimSpace(text[from+len("comptime"):]), "(") && end < len(text) && text[end] == ')' {
		end++
	}
	at.Start, at.End = at.Start+from, at.Start+end
	return at
}

// comptime types `comptime x`, whose value has to be known.
func (c *checker) comptime(e *ast.ComptimeExpr) types.Type {
	t := c.expr(e.X)
	if t == nil || types.IsInvalid(t) {
		return t
	}
	k, ok := c.info.Consts[e.X]
	if !ok {
		c.errorf(e.At, "not-comptime", "Unable to resolve comptime expression")
		return types.Invalid{}
	}
	c.info.Consts[e] = k
	if c.literals[e.X] {
		c.literals[e] = true
	}
	return t
}
