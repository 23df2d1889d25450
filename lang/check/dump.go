package check

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
)

// Dump writes the result of checking in a stable order: the maps, then every program with its probes, its variables in
// the order of their use, and its typed tree, a statement a line. It is what -d types prints.
func (info *Info) Dump(w io.Writer) {
	for _, m := range info.Maps {
		fmt.Fprintf(w, "map %s", m.Name)
		if m.Key != nil {
			fmt.Fprintf(w, "[%s]", m.Key)
		}
		fmt.Fprintf(w, ": %s (%d)\n", m.Value, m.MaxEntries)
	}
	for _, p := range info.Programs {
		d := &dumper{w: w, info: info}
		d.program(p)
	}
}

type dumper struct {
	w     io.Writer
	info  *Info
	depth int
}

func (d *dumper) line(format string, args ...any) {
	io.WriteString(d.w, strings.Repeat("  ", d.depth))
	fmt.Fprintf(d.w, format+"\n", args...)
}

func (d *dumper) program(p *Program) {
	d.line("program")
	d.depth++
	for _, probe := range p.Probes {
		d.line("probe %s", probe.Name)
	}
	for _, v := range d.vars(p) {
		d.line("var $%s: %s", v.Name, v.Type)
	}
	if p.Predicate != nil {
		d.line("/%s/", d.expr(p.Predicate))
	}
	d.stmts(p.Body.Stmts)
	for _, f := range d.funcs(p) {
		d.function(f)
	}
	d.depth--
}

// function writes a function as the program calls it.
func (d *dumper) function(f *Func) {
	params := make([]string, len(f.Params))
	for i, p := range f.Params {
		params[i] = fmt.Sprintf("$%s: %s", p.Name, p.Type)
	}
	d.line("fn %s(%s): %s", f.Name, strings.Join(params, ", "), f.Result)
	d.stmts(f.Body.Stmts)
}

// funcs returns the functions that a program comes to call, in the order in which they occur.
func (d *dumper) funcs(p *Program) []*Func {
	var out []*Func
	seen := map[*Func]bool{}
	look := func(n ast.Node) bool {
		if e, ok := n.(*ast.CallExpr); ok {
			if f := d.info.Funcs[e]; f != nil && !seen[f] {
				seen[f] = true
				out = append(out, f)
			}
		}
		return true
	}
	if p.Predicate != nil {
		ast.Walk(p.Predicate, look)
	}
	ast.Walk(p.Body, look)
	for i := 0; i < len(out); i++ {
		ast.Walk(out[i].Body, look)
	}
	return out
}

// vars returns the variables of a program in the order in which they occur.
func (d *dumper) vars(p *Program) []*Var {
	var out []*Var
	seen := map[*Var]bool{}
	ast.Walk(p.Body, func(n ast.Node) bool {
		if e, ok := n.(*ast.VarExpr); ok {
			if v := d.info.Vars[e]; v != nil && !seen[v] {
				seen[v] = true
				out = append(out, v)
			}
		}
		return true
	})
	return out
}

func (d *dumper) stmts(list []ast.Stmt) {
	d.depth++
	for _, s := range list {
		d.stmt(s)
	}
	d.depth--
}

func (d *dumper) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.ExprStmt:
		d.line("%s", d.expr(s.X))
	case *ast.AssignStmt:
		d.line("%s %s= %s", d.expr(s.Target), s.Op, d.expr(s.Value))
	case *ast.LetStmt:
		if s.Value == nil {
			d.line("let %s", d.expr(s.Var))
			return
		}
		d.line("let %s = %s", d.expr(s.Var), d.expr(s.Value))
	case *ast.IfStmt:
		d.line("if %s", d.expr(s.Cond))
		d.stmts(s.Then.Stmts)
		if s.Else != nil {
			d.line("else")
			d.stmts([]ast.Stmt{s.Else})
		}
	case *ast.BlockStmt:
		d.line("block")
		d.stmts(s.Body.Stmts)
	case *ast.ReturnStmt:
		if s.Value == nil {
			d.line("return")
			return
		}
		d.line("return %s", d.expr(s.Value))
	case *ast.ForMapStmt:
		d.line("for %s in %s", d.expr(s.Var), d.expr(s.Map))
		d.stmts(s.Body.Stmts)
	case *ast.ForRangeStmt:
		d.line("for %s from %s to %s", d.expr(s.Var), d.expr(s.Start), d.expr(s.End))
		d.stmts(s.Body.Stmts)
	case *ast.WhileStmt:
		d.line("while %s", d.expr(s.Cond))
		d.stmts(s.Body.Stmts)
	case *ast.UnrollStmt:
		d.line("unroll %s", d.expr(s.Count))
		d.stmts(s.Body.Stmts)
	case *ast.BreakStmt:
		d.line("break")
	case *ast.ContinueStmt:
		d.line("continue")
	case *ast.BadStmt:
		d.line("bad")
	default:
		panic(fmt.Sprintf("BUG: check: unexpected statement %T", s))
	}
}

// expr returns an expression as a tree in parentheses, every node with its type.
func (d *dumper) expr(e ast.Expr) string {
	text := d.node(e)
	if k, ok := d.info.Consts[e]; ok {
		if k.IsStr {
			text = strconv.Quote(k.Str)
		} else {
			text = d.number(e, k.Int)
		}
	}
	t := d.info.Types[e]
	if t == nil {
		return text
	}
	return text + ":" + t.String()
}

func (d *dumper) number(e ast.Expr, v int64) string {
	switch t := d.info.Types[e].(type) {
	case types.Bool:
		return strconv.FormatBool(v != 0)
	case types.Int:
		if !t.Signed {
			return strconv.FormatUint(uint64(v), 10)
		}
	default: // no other type matters here
	}
	return strconv.FormatInt(v, 10)
}

func (d *dumper) list(head string, xs ...ast.Expr) string {
	var b bytes.Buffer
	b.WriteString("(" + head)
	for _, x := range xs {
		b.WriteString(" " + d.expr(x))
	}
	b.WriteString(")")
	return b.String()
}

func (d *dumper) node(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.IntLit, *ast.StringLit, *ast.BoolLit, *ast.PosParam:
		return "literal"
	case *ast.Ident:
		return e.Name
	case *ast.VarExpr:
		return "$" + e.Name
	case *ast.MapExpr:
		if e.Key == nil {
			return "@" + e.Name
		}
		return "@" + e.Name + "[" + d.expr(e.Key) + "]"
	case *ast.CallExpr:
		return d.list(e.Func, e.Args...)
	case *ast.BinaryExpr:
		return d.list(e.Op.String(), e.X, e.Y)
	case *ast.UnaryExpr:
		return d.list(e.Op.String(), e.X)
	case *ast.IncDecExpr:
		return d.list(incDecName(e), e.X)
	case *ast.TernaryExpr:
		if e.Then == nil {
			return d.list("?:", e.Cond, e.Else)
		}
		return d.list("?", e.Cond, e.Then, e.Else)
	case *ast.FieldExpr:
		return d.list("."+e.Name, e.X)
	case *ast.TupleIndexExpr:
		return d.list(fmt.Sprintf(".%d", e.N), e.X)
	case *ast.IndexExpr:
		return d.list("[]", e.X, e.Index)
	case *ast.CastExpr:
		return d.list("cast", e.X)
	case *ast.TupleLit:
		return d.list("tuple", e.Elems...)
	case *ast.RecordLit:
		values := make([]ast.Expr, len(e.Fields))
		for i, f := range e.Fields {
			values[i] = f.Value
		}
		return d.list("record", values...)
	case *ast.BlockExpr:
		if e.Value == nil {
			return d.list(fmt.Sprintf("block of %d", len(e.Stmts)))
		}
		return d.list(fmt.Sprintf("block of %d", len(e.Stmts)), e.Value)
	case *ast.IfExpr:
		if e.Else == nil {
			return d.list("if", e.Cond, e.Then)
		}
		return d.list("if", e.Cond, e.Then, e.Else)
	case *ast.SizeofExpr, *ast.OffsetofExpr, *ast.TypeofExpr, *ast.TypeinfoExpr, *ast.ComptimeExpr, *ast.BadExpr:
		return strings.TrimPrefix(fmt.Sprintf("%T", e), "*ast.")
	}
	panic(fmt.Sprintf("BUG: check: unexpected expression %T", e))
}

func incDecName(e *ast.IncDecExpr) string {
	name := "++"
	if e.Dec {
		name = "--"
	}
	if e.Postfix {
		return "post" + name
	}
	return "pre" + name
}
