package ast

import "github.com/gtrace/gtrace/lang/diag"

// Program is one script.
type Program struct {
	Place
	File *diag.File
	// Shebang is the first line if it begins with "#!", without its line end.
	Shebang string
	// Decls are the top-level parts in source order.
	Decls []Decl
	// Comments are all comments in source order; the formatter needs them, nobody else does.
	Comments []Comment
	// Parens holds the expressions that stand in parentheses which the tree does not show, and the for statements whose
	// headers do; for the formatter alone, as the comments are.
	Parens map[Node]bool
}

// Comment is a `// …` or `/* … */` comment, its delimiters included.
type Comment struct {
	Place
	Text string
}

type (
	// CDecl is a C definition or preprocessor line before the probes, as text: struct, union, enum, typedef, #include, #define.
	CDecl struct {
		Place
		Text string
	}

	// ConfigDecl is `config = { name = value; … }`.
	ConfigDecl struct {
		Place
		Settings []ConfigSetting
	}

	// ImportDecl is `import "path";`.
	ImportDecl struct {
		Place
		Path string
	}

	// MapDecl is `let @m = hash(100);`.
	MapDecl struct {
		Place
		Map *MapExpr
		// Kind is the map type as written: hash, lruhash, percpuhash, percpulruhash.
		Kind     string
		KindSpan diag.Span
		Size     Expr
	}

	// MacroDecl is `macro name($v, @m, e) { … }`.
	MacroDecl struct {
		Place
		Name     string
		NameSpan diag.Span
		Params   []MacroParam
		Body     *Block
	}

	// FuncDecl is `fn name($a: T, …): R { … }`.
	FuncDecl struct {
		Place
		Name     string
		NameSpan diag.Span
		Params   []FuncParam
		Result   TypeExpr // nil if none is written
		Body     *Block
	}

	// ProbeDecl is a list of attach points, an optional predicate and an action block.
	ProbeDecl struct {
		Place
		// Name is set for `name=probe`.
		Name   string
		Points []*AttachPoint
		// Predicate is the expression between slashes, or nil.
		Predicate Expr
		Body      *Block
	}
)

func (*CDecl) decl()      {}
func (*ConfigDecl) decl() {}
func (*ImportDecl) decl() {}
func (*MapDecl) decl()    {}
func (*MacroDecl) decl()  {}
func (*FuncDecl) decl()   {}
func (*ProbeDecl) decl()  {}

// ConfigSetting is one `name = value`; Value is an IntLit, StringLit, BoolLit or Ident.
type ConfigSetting struct {
	Place
	Name  string
	Value Expr
}

// MacroParam is a parameter of a macro: a VarExpr, a MapExpr without key or an Ident, with an optional type.
type MacroParam struct {
	Place
	Param Expr
	Type  TypeExpr
}

// FuncParam is a typed parameter of a function.
type FuncParam struct {
	Place
	Name string // without the dollar sign
	Type TypeExpr
}

// AttachPoint is one attach point as written. The text is split at colons outside of quotes; everything else about it
// (case, short names, wildcards, offsets, addresses) is its provider's business.
type AttachPoint struct {
	Place
	// Name is set for `name=probe` behind the first attach point of a list.
	Name string
	// Parts are the colon-separated parts, quotes removed, positional parameters as written ($1). The first one is the type.
	Parts []AttachPart
}

// AttachPart is one part of an attach point.
type AttachPart struct {
	Place
	Text string
	// Quoted is set where the part was written in double quotes.
	Quoted bool
	// Mixed is set where only some of it was: its place has the text with its quotes.
	Mixed bool
}
