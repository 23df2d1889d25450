package ast

import (
	"fmt"
	"strings"
)

// Format returns the program as source text in one canonical form: one statement a line, indented by tabs, parentheses
// only where they are needed. Parsing the result gives the same tree. Comments are dropped for now, and so is the choice
// of the author where the tree does not record it: blank lines, line breaks, redundant parentheses.
func Format(p *Program) string {
	var f formatter
	if p.Shebang != "" {
		f.b.WriteString(p.Shebang + "\n")
	}
	for i, d := range p.Decls {
		if _, isC := d.(*CDecl); i > 0 && !isC {
			f.b.WriteString("\n")
		}
		f.decl(d)
		f.b.WriteString("\n")
	}
	return f.b.String()
}

// formatter holds the text so far. Expressions are returned as strings, since their place on the line is their parent's.
type formatter struct {
	b      strings.Builder
	indent int
	// angle is set inside of a `< … >` block, where every comparison by `>` gets parentheses lest it close the block.
	angle bool
}

func (f *formatter) decl(d Decl) {
	switch d := d.(type) {
	case *CDecl:
		f.b.WriteString(d.Text)
	case *ConfigDecl:
		f.b.WriteString("config = {\n")
		for _, s := range d.Settings {
			f.b.WriteString("\t" + s.Name + " = " + f.expr(s.Value, 0) + ";\n")
		}
		f.b.WriteString("}")
	case *ImportDecl:
		f.b.WriteString("import " + Quote(d.Path) + ";")
	case *MapDecl:
		f.b.WriteString("let @" + d.Map.Name + " = " + d.Kind + "(" + f.expr(d.Size, 0) + ");")
	case *MacroDecl:
		f.b.WriteString("macro " + d.Name + "(" + joined(d.Params, f.macroParam) + ") ")
		f.b.WriteString(f.block(d.Body))
	case *FuncDecl:
		f.b.WriteString("fn " + d.Name + "(" + joined(d.Params, f.funcParam) + ")")
		if d.Result != nil {
			f.b.WriteString(": " + f.typ(d.Result))
		}
		f.b.WriteString(" " + f.block(d.Body))
	case *ProbeDecl:
		f.probe(d)
	default:
		panic(fmt.Sprintf("BUG: ast: unexpected declaration %T", d))
	}
}

func (f *formatter) macroParam(m MacroParam) string {
	if m.Type == nil {
		return f.expr(m.Param, 0)
	}
	return f.expr(m.Param, 0) + ": " + f.typ(m.Type)
}

func (f *formatter) funcParam(p FuncParam) string { return "$" + p.Name + ": " + f.typ(p.Type) }

func (f *formatter) probe(d *ProbeDecl) {
	if d.Name != "" {
		f.b.WriteString(d.Name + "=")
	}
	for i, a := range d.Points {
		if i > 0 {
			f.b.WriteString(",\n")
		}
		if a.Name != "" {
			f.b.WriteString(a.Name + "=")
		}
		f.b.WriteString(a.String())
	}
	if d.Predicate != nil {
		text := f.expr(d.Predicate, 0)
		if strings.HasPrefix(text, "*") {
			text = " " + text // not a comment
		}
		f.b.WriteString(" /" + text + "/")
	}
	f.b.WriteString(" " + f.block(d.Body))
}

// String returns the attach point as written, with quotes where a part had them.
func (a *AttachPoint) String() string {
	return joinedBy(a.Parts, ":", func(p AttachPart) string {
		if p.Quoted {
			return Quote(p.Text)
		}
		return p.Text
	})
}

// block returns the text of a block, without the indentation of its first line.
func (f *formatter) block(b *Block) string {
	left, right := "{", "}"
	if b.Angle {
		left, right = "<", ">"
		f.angle = true
		defer func() { f.angle = false }()
	}
	if len(b.Stmts) == 0 {
		return left + " " + right
	}
	return left + "\n" + f.stmts(b.Stmts) + f.tabs() + right
}

func (f *formatter) tabs() string { return strings.Repeat("\t", f.indent) }

// stmts returns statements one a line, a level deeper.
func (f *formatter) stmts(list []Stmt) string {
	f.indent++
	defer func() { f.indent-- }()
	var b strings.Builder
	for _, s := range list {
		b.WriteString(f.tabs() + f.stmt(s) + "\n")
	}
	return b.String()
}

func (f *formatter) stmt(s Stmt) string {
	switch s := s.(type) {
	case *ExprStmt:
		return f.leading(s.X) + ";"
	case *AssignStmt:
		return f.expr(s.Target, 0) + " " + s.Op.String() + "= " + f.expr(s.Value, 0) + ";"
	case *LetStmt:
		return f.let(s) + ";"
	case *IfStmt:
		return f.ifStmt(s)
	case *ForMapStmt:
		return "for ($" + s.Var.Name + " : @" + s.Map.Name + ") " + f.block(s.Body)
	case *ForRangeStmt:
		return "for ($" + s.Var.Name + " : " + f.expr(s.Start, levelUnary) + ".." + f.expr(s.End, levelUnary) + ") " + f.block(s.Body)
	case *WhileStmt:
		return "while (" + f.expr(s.Cond, 0) + ") " + f.block(s.Body)
	case *UnrollStmt:
		return "unroll (" + f.expr(s.Count, 0) + ") " + f.block(s.Body)
	case *BreakStmt:
		return "break;"
	case *ContinueStmt:
		return "continue;"
	case *ReturnStmt:
		if s.Value == nil {
			return "return;"
		}
		return "return " + f.expr(s.Value, 0) + ";"
	case *BlockStmt:
		return f.block(s.Body)
	case *BadStmt:
		return s.At.Text()
	}
	panic(fmt.Sprintf("BUG: ast: unexpected statement %T", s))
}

func (f *formatter) let(s *LetStmt) string {
	text := "let $" + s.Var.Name
	if s.Type != nil {
		text += ": " + f.typ(s.Type)
	}
	if s.Value != nil {
		text += " = " + f.expr(s.Value, 0)
	}
	return text
}

func (f *formatter) ifStmt(s *IfStmt) string {
	text := "if "
	if s.Comptime {
		text += "comptime "
	}
	text += "(" + f.expr(s.Cond, 0) + ") " + f.block(s.Then)
	if s.Else != nil {
		text += " else " + f.stmt(s.Else)
	}
	return text
}

// leading returns an expression that begins a statement: what would read as a statement of its own gets parentheses.
func (f *formatter) leading(x Expr) string {
	switch x.(type) {
	case *BlockExpr, *IfExpr:
		return "(" + f.expr(x, 0) + ")"
	default: // no other type matters here
	}
	return f.expr(x, 0)
}

func (f *formatter) typ(t TypeExpr) string {
	switch t := t.(type) {
	case *NamedType:
		return namedType(t)
	case *PointerType:
		return f.typ(t.Elem) + "*"
	case *ArrayType:
		if t.Len == nil {
			return f.typ(t.Elem) + "[]"
		}
		return f.typ(t.Elem) + "[" + f.expr(t.Len, 0) + "]"
	case *TypeofType:
		return "typeof(" + f.exprOrType(t.X, t.Type) + ")"
	case *TupleType:
		return "(" + joined(t.Elems, f.typ) + ")"
	}
	panic(fmt.Sprintf("BUG: ast: unexpected type %T", t))
}

func (f *formatter) exprOrType(x Expr, t TypeExpr) string {
	if t != nil {
		return f.typ(t)
	}
	return f.expr(x, 0)
}

func joined[T any](list []T, f func(T) string) string { return joinedBy(list, ", ", f) }

func joinedBy[T any](list []T, sep string, f func(T) string) string {
	parts := make([]string, len(list))
	for i, n := range list {
		parts[i] = f(n)
	}
	return strings.Join(parts, sep)
}
