package check

import (
	"fmt"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

// scriptMap is a map of the script and what is stored in it.
type scriptMap struct {
	m          *Map
	keyed      bool
	key, value slot
	// used is set when the map occurs other than by reference (print(@x), clear(@x)); those do not make a map.
	used bool
	// decl is where the map was declared, or nil.
	decl *ast.MapDecl
	// idle is set for a map that exists already and that the script has not mentioned so far.
	idle bool
	// read is set when its value is wanted, which is a number if nothing else says what it is.
	read bool
}

// declared is a scratch variable in its scope.
type declared struct {
	v *Var
	// at is where it was declared, and how: by a let or by its first assignment.
	at  diag.Span
	how string
}

// note shows where it was, once for all clones of a body.
func (d declared) note(to *diag.Diagnostic) {
	if len(to.Notes) == 0 {
		to.Notef(d.at, "This is the %s.", d.how)
	}
}

// scope is a block's scratch variables.
type scope struct {
	outer *scope
	vars  map[varName]declared
}

// varName is what tells scratch variables apart within a scope: the name, and the macro that brought the variable.
type varName struct {
	name string
	mark int
}

func nameOf(e *ast.VarExpr) varName { return varName{e.Name, e.Mark} }

func (s *scope) find(e *ast.VarExpr) (declared, bool) {
	for ; s != nil; s = s.outer {
		if d, ok := s.vars[nameOf(e)]; ok {
			return d, true
		}
	}
	return declared{}, false
}

// passResolve finds the scratch variable of every VarExpr (Info.Vars) and makes the table of script maps. The attach pass
// must have run, since names are resolved in the clones.
func (c *checker) passResolve() {
	for _, m := range c.opts.Maps {
		c.addExistingMap(m)
	}
	for _, d := range c.prog.Decls {
		if m, ok := d.(*ast.MapDecl); ok {
			c.declareMap(m)
		}
	}
	for _, p := range c.info.Programs {
		c.program = p
		s := &scope{vars: map[varName]declared{}}
		if p.Predicate != nil {
			c.resolveExpr(s, p.Predicate)
		}
		c.resolveBlock(s, p.Body.Stmts)
	}
}

func (c *checker) addExistingMap(m *Map) {
	own := &Map{Name: m.Name, First: m.First, MaxEntries: m.MaxEntries, Kind: m.Kind}
	s := &scriptMap{m: own, keyed: m.Key != nil, used: true, idle: true}
	s.key.fixed, s.value.fixed = m.Key, m.Value
	c.maps[m.Name] = s
	c.mapOrder = append(c.mapOrder, s)
}

// resolveBlock resolves statements in a scope that is theirs.
func (c *checker) resolveBlock(s *scope, stmts []ast.Stmt) {
	for _, st := range stmts {
		c.resolveStmt(s, st)
	}
}

func (s *scope) inner() *scope { return &scope{outer: s, vars: map[varName]declared{}} }

func (c *checker) resolveStmt(s *scope, st ast.Stmt) {
	switch st := st.(type) {
	case *ast.ExprStmt:
		c.resolveExpr(s, st.X)
	case *ast.AssignStmt:
		c.resolveAssign(s, st)
	case *ast.LetStmt:
		c.resolveLet(s, st)
	case *ast.IfStmt:
		c.resolveExpr(s, st.Cond)
		if c.undecided[st] {
			return
		}
		c.resolveBlock(s.inner(), st.Then.Stmts)
		if st.Else != nil {
			c.resolveStmt(s, st.Else)
		}
	case *ast.BlockStmt:
		c.resolveBlock(s.inner(), st.Body.Stmts)
	case *ast.ReturnStmt:
		if st.Value != nil {
			c.resolveExpr(s, st.Value)
		}
	case *ast.ForMapStmt:
		c.resolveMap(st.Map, true)
		c.resolveLoop(s, st.Var, st.Body)
	case *ast.ForRangeStmt:
		c.resolveExpr(s, st.Start)
		c.resolveExpr(s, st.End)
		c.resolveLoop(s, st.Var, st.Body)
	case *ast.WhileStmt:
		c.resolveExpr(s, st.Cond)
		c.resolveBlock(s.inner(), st.Body.Stmts)
	case *ast.UnrollStmt:
		c.resolveExpr(s, st.Count)
		c.resolveBlock(s.inner(), st.Body.Stmts)
	case *ast.BreakStmt, *ast.ContinueStmt, *ast.BadStmt:
	default:
		panic(fmt.Sprintf("BUG: check: unexpected statement %T", st))
	}
}

// resolveLoop resolves a loop's body with its variable.
func (c *checker) resolveLoop(s *scope, v *ast.VarExpr, body *ast.Block) {
	in := s.inner()
	if d, found := s.find(v); found {
		d.note(c.diags.Errorf(v.At, "shadowed", "Loop declaration shadows existing variable: $%s", v.Name))
	}
	c.declare(in, v, v.At, "loop variable")
	c.resolveBlock(in, body.Stmts)
}

func (c *checker) resolveAssign(s *scope, st *ast.AssignStmt) {
	c.resolveExpr(s, st.Value)
	v, ok := st.Target.(*ast.VarExpr)
	if !ok || st.Op != ast.AssignNone {
		c.resolveExpr(s, st.Target)
		return
	}
	if d, found := s.find(v); found {
		c.info.Vars[v] = d.v
		c.vars[d.v].assigned = true
		return
	}
	c.declare(s, v, st.At, "initial assignment")
}

// letHead is the part of a declaration before its value.
func letHead(st *ast.LetStmt) diag.Span {
	head := st.At
	head.End = st.Var.At.End
	return head
}

func (c *checker) resolveLet(s *scope, st *ast.LetStmt) {
	if st.Value != nil {
		c.resolveExpr(s, st.Value)
	}
	if d, found := s.find(st.Var); found {
		d.note(c.diags.Errorf(letHead(st), "shadowed", "Variable $%s was already declared. Variable shadowing is not allowed.", st.Var.Name))
		c.info.Vars[st.Var] = d.v
		return
	}
	v := c.declare(s, st.Var, letHead(st), "initial declaration")
	if st.Value == nil {
		c.vars[v].let = letHead(st)
	}
	if st.Type != nil && c.isLate(s, st.Type) {
		c.vars[v].late = true
	} else if st.Type != nil {
		c.report = true
		if t := c.typeExpr(st.Type); t != nil && c.sized(st.Type, t) {
			c.vars[v].fix(t)
		}
		c.report = false
	}
}

// isLate reports whether a type is that of values, which is known only when they are typed. It resolves the variables in it.
func (c *checker) isLate(s *scope, t ast.TypeExpr) bool {
	late := false
	ast.Walk(t, func(n ast.Node) bool {
		if x, ok := n.(*ast.TypeofType); ok && x.X != nil {
			late = true
			c.resolveExpr(s, x.X)
			return false
		}
		return true
	})
	return late
}

// declare makes a new variable.
func (c *checker) declare(s *scope, e *ast.VarExpr, at diag.Span, how string) *Var {
	v := &Var{Name: e.Name}
	s.vars[nameOf(e)] = declared{v: v, at: at, how: how}
	c.info.Vars[e] = v
	c.vars[v] = &slot{}
	c.varOrder = append(c.varOrder, v)
	return v
}

// resolveExpr resolves the variables and maps of an expression.
func (c *checker) resolveExpr(s *scope, e ast.Expr) {
	references := map[*ast.MapExpr]bool{}
	ast.Walk(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.VarExpr:
			c.resolveVar(s, n)
		case *ast.MapExpr:
			c.resolveMap(n, references[n])
		case *ast.CallExpr:
			c.findReferences(s, n, references)
		case *ast.UnaryExpr:
			if m, ok := n.X.(*ast.MapExpr); ok && n.Op == ast.AddrOf && m.Key == nil {
				references[m] = true
			}
		case *ast.IfExpr:
			if c.undecided[n] {
				c.resolveExpr(s, n.Cond)
				return false
			}
		case *ast.BlockExpr:
			in := s.inner()
			c.resolveBlock(in, n.Stmts)
			if n.Value != nil {
				c.resolveExpr(in, n.Value)
			}
			return false
		}
		return true
	})
}

func (c *checker) resolveVar(s *scope, e *ast.VarExpr) {
	if d, ok := s.find(e); ok {
		c.info.Vars[e] = d.v
		if v := c.vars[d.v]; v.let.IsValid() && !v.assigned {
			c.diags.Warnf(e.At, "unassigned-variable", "Variable used before it was assigned: $%s", e.Name)
		}
		return
	}
	c.diags.Errorf(e.At, "undefined-variable", "Undefined or undeclared variable: $%s", e.Name)
	v := c.declare(s, e, e.At, "first use")
	c.vars[v].fixed = types.Invalid{} // said once
}

// findReferences marks the arguments that are maps by reference, which do not make a map, and variables that a call assigns to.
func (c *checker) findReferences(s *scope, call *ast.CallExpr, references map[*ast.MapExpr]bool) {
	sig, ok := c.opts.Builtins.Signature(call.Func)
	if !ok {
		return
	}
	for i, p := range sig.Params {
		if i >= len(call.Args) {
			return
		}
		if v, ok := call.Args[i].(*ast.VarExpr); ok && p.Kind == types.ParamVar {
			if d, found := s.find(v); found {
				c.vars[d.v].assigned = true
			}
		}
		m, ok := call.Args[i].(*ast.MapExpr)
		if ok && m.Key == nil && takesMap(p.Kind) {
			references[m] = true
		}
	}
}

// takesMap reports whether a parameter takes a map by reference.
func takesMap(k types.ParamKind) bool {
	switch k {
	case types.ParamMap, types.ParamMapElem, types.ParamMapOr:
		return true
	case types.ParamAny, types.ParamInt, types.ParamPointer, types.ParamString, types.ParamLitString, types.ParamLitInt,
		types.ParamName, types.ParamText, types.ParamDigits, types.ParamNameInt, types.ParamMapKey, types.ParamVar, types.ParamType, types.ParamMember:
		return false
	}
	panic("BUG: check: unexpected kind of parameter")
}

// resolveMap enters a use of a map into the table. The first use says whether it is keyed.
func (c *checker) resolveMap(e *ast.MapExpr, reference bool) {
	name := "@" + e.Name
	m := c.maps[name]
	if m == nil {
		m = &scriptMap{m: &Map{Name: name, First: e.At}}
		c.maps[name] = m
		c.mapOrder = append(c.mapOrder, m)
	}
	m.idle = false
	if reference {
		return
	}
	keyed := e.Key != nil
	switch {
	case !m.used:
		m.used, m.keyed, m.m.First = true, keyed, e.At
	case m.keyed && !keyed:
		c.badMap(e, "%s used as a map without an explicit key (scalar map), previously used with an explicit key (non-scalar map)", name)
	case !m.keyed && keyed:
		c.badMap(e, "%s used as a map with an explicit key (non-scalar map), previously used without an explicit key (scalar map)", name)
	}
}

func (c *checker) badMap(e *ast.MapExpr, format, name string) {
	c.diags.Errorf(e.At, "map-kind", format, name)
	c.badMaps[e] = true
}
