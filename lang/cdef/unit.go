package cdef

import (
	"strings"

	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

// Options says what the text may refer to.
type Options struct {
	// Types finds types that the text does not define, by keyword ("struct", "union", "enum", or "" for typedefs) and name. It is
	// asked when such a type is needed and not before; nil means that there are none.
	Types func(keyword, name string) (types.Type, error)
	// Include returns the header of a name, which is written in angle brackets or quotes in the file by. An error that is
	// fs.ErrNotExist means that there is none; nil means that there are no headers at all.
	Include func(name string, angled bool, by *diag.File) (*diag.File, error)
	// First are headers that are included before the text.
	First []string
}

// Unit is what the C part of a script defines.
type Unit struct {
	opts     Options
	tags     map[string]*tag
	typedefs map[string]ctype
	enumers  map[string]Const
	macros   map[string]*macro
	// values are those of macros that were asked for, which is of no use before the whole text is read.
	values map[string]macroValue
}

// macroValue is the value of a macro, if it is a constant.
type macroValue struct {
	Const
	ok bool
}

// Const is the value of an enumerator or of a macro that is a constant.
type Const struct {
	// Int is the value; its bits are those of a uint64 if Unsigned is set.
	Int      int64
	Unsigned bool
	// Str is the value if IsStr is set.
	Str   string
	IsStr bool
	// Enum is the enumeration that an enumerator is of, or nil.
	Enum *types.Enum
}

// tag is a name behind struct, union or enum.
type tag struct {
	keyword, name string
	typ           ctype
	defined       bool
}

// Parse reads the pieces of a script that are C, in order. The result has what makes sense, even if diags has errors then.
func Parse(pieces []diag.Span, opts Options, diags *diag.List) *Unit {
	u := &Unit{
		opts: opts, tags: map[string]*tag{}, typedefs: map[string]ctype{}, enumers: map[string]Const{}, macros: predefined(),
		values: map[string]macroValue{},
	}
	to := reporter{diags}
	pp := &preprocessor{unit: u, diags: to}
	for _, name := range opts.First {
		pp.header(diag.Span{}, name, false)
	}
	for _, p := range pieces {
		pp.piece(p)
	}
	pp.finish()
	p := &parser{unit: u, toks: pp.out, diags: to}
	p.file()
	return u
}

// Type returns the type that the text defines by that keyword ("" for typedefs) and name.
func (u *Unit) Type(keyword, name string) (types.Type, bool) {
	if keyword == "" {
		t, ok := u.typedefs[name]
		return t.typ, ok
	}
	t, ok := u.tags[keyword+" "+name]
	if !ok || !t.defined {
		return nil, false
	}
	return t.typ.typ, true
}

// Const returns the value of an enumerator or macro of the text.
func (u *Unit) Const(name string) (Const, bool) {
	if m, ok := u.macros[name]; ok && !m.builtin {
		v, known := u.values[name]
		if !known {
			v.Const, v.ok = u.compute(name)
			u.values[name] = v
		}
		if v.ok {
			return v.Const, true
		}
	}
	k, ok := u.enumers[name]
	return k, ok
}

// IsMacro reports whether the text defines a macro of that name, constant or not.
func (u *Unit) IsMacro(name string) bool {
	m, ok := u.macros[name]
	return ok && !m.builtin
}

// MacroText returns what a macro without parameters is defined as, in one line.
func (u *Unit) MacroText(name string) (string, bool) {
	m, ok := u.macros[name]
	if !ok || m.builtin || m.function || len(m.body) == 0 {
		return "", false
	}
	var b strings.Builder
	for i, t := range m.body {
		if i > 0 && t.spaced {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
	}
	return b.String(), true
}

// compute returns the value of a macro.
func (u *Unit) compute(name string) (Const, bool) {
	m := u.macros[name]
	if m.function {
		return Const{}, false
	}
	pp := &preprocessor{unit: u, diags: reporter{&diag.List{}}, expanded: maxExpansion - maxValue}
	toks := pp.expand([]token{{kind: tokIdent, text: name}}, nil)
	if pp.expanded > maxExpansion {
		return Const{}, false
	}
	if s, ok := joinStrings(toks); ok {
		return Const{Str: s, IsStr: true}, true
	}
	if len(toks) == 1 && toks[0].kind == tokIdent {
		k, ok := u.enumers[toks[0].text]
		return k, ok
	}
	return u.evaluate(toks)
}

// evaluate computes tokens that are a constant expression.
func (u *Unit) evaluate(toks []token) (Const, bool) {
	p := &parser{unit: u, toks: toks, diags: reporter{&diag.List{}}}
	n := p.expr()
	if p.bad || p.peek().kind != tokEnd {
		return Const{}, false
	}
	return Const{Int: n.v, Unsigned: n.unsigned && n.v < 0}, true
}

// joinStrings returns the string that adjacent string literals are.
func joinStrings(toks []token) (string, bool) {
	out := ""
	for _, t := range toks {
		if t.kind != tokString {
			return "", false
		}
		out += t.value()
	}
	return out, len(toks) > 0
}

// lookup asks for a type from outside of the text.
func (u *Unit) lookup(keyword, name string) (types.Type, bool) {
	if u.opts.Types == nil {
		return nil, false
	}
	t, err := u.opts.Types(keyword, name)
	return t, err == nil && t != nil
}
