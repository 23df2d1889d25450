package complete

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/types"
)

// body answers for a cursor in code: a predicate, an action block, the body of a function, or statements typed at the prompt.
type body struct {
	*script
	code *code
	// head is the attach points that the code belongs to.
	head      string
	predicate bool
	// params are the variables and maps that a head declares; lets declares those of a known type.
	params []string
	lets   string
}

// complete finds out what is being typed, and adds what it can be.
func (b *body) complete() {
	w, before := b.code.split()
	switch {
	case b.code.last().kind == tokOpenComment, w.kind == tokNumber && !b.code.at(before).is("."):
		return
	case b.code.last().kind == tokOpenString:
		b.inString(b.code.last(), len(b.code.toks)-2)
		return
	}
	b.word(w.start, w.text)
	switch prev := b.code.at(before); {
	case b.inOffsetof(before):
	case prev.is(".") || prev.is("->"):
		b.fields(before)
	case w.kind == tokVar:
		b.variables(before)
	case w.kind == tokMap:
		b.maps()
	case prev.isWord("struct", "union", "enum"):
		b.tags(prev.text, b.text)
	case prev.is(":") && b.inLet(before):
		b.addTypes()
	case b.special(before):
	case w.text == "" && prev.endsOperand() && !prev.is("}"):
		// an operator has to follow, or the end of the statement
	default:
		b.names(before)
	}
}

// special completes places of their own: the arguments that are names or fields rather than expressions.
func (b *body) special(before int) bool {
	call, ok := b.code.call(before)
	if !ok {
		return false
	}
	sig, known := b.src.Builtins().Signature(call.name)
	if !known || call.arg >= len(sig.Params) {
		return false
	}
	param := sig.Params[call.arg]
	if prev := b.code.at(before); !prev.is("(") && !prev.is(",") {
		return false
	}
	switch param.Kind {
	case types.ParamName, types.ParamNameInt:
		b.paramWords(param, "")
		return true
	case types.ParamMap, types.ParamMapElem:
		b.maps()
		return true
	case types.ParamAny, types.ParamInt, types.ParamPointer, types.ParamString, types.ParamLitString, types.ParamLitInt,
		types.ParamMapKey, types.ParamMapOr, types.ParamText, types.ParamDigits:
	}
	return false
}

// paramWords adds the words that a parameter may be.
func (b *body) paramWords(p types.Param, close string) {
	for _, w := range slices.Sorted(slices.Values(p.Words)) {
		b.add(w+close, p.Name)
	}
}

// inLet reports whether the colon at an index stands behind the variable of a let.
func (b *body) inLet(colon int) bool {
	return b.code.at(colon-1).kind == tokVar && b.code.at(colon-2).isWord("let")
}

// inString completes what a string names, where it is an argument that names something.
func (b *body) inString(s token, before int) {
	call, ok := b.code.call(before)
	if !ok {
		return
	}
	sig, known := b.src.Builtins().Signature(call.name)
	if !known || call.arg >= len(sig.Params) {
		return
	}
	b.word(s.start+1, s.text[1:])
	param := sig.Params[call.arg]
	switch param.Names {
	case types.NamesKernelSymbol:
		b.addAll(Names{List: b.src.Symbols(), Suffix: `"`})
	case types.NamesUserSymbol:
		b.userSymbols()
	case types.NamesFile:
		b.files(b.start, b.prefix, `"`)
	case types.NamesNothing:
		b.paramWords(param, `"`)
	}
}

// userSymbols adds the symbols of the program that the first attach point names.
func (b *body) userSymbols() {
	s := &script{answer: b.answer, text: b.head}
	p := s.readPoint(0)
	if t, ok := b.probeType(p.parts[0]); ok && t.Files && len(p.parts) > 1 {
		for _, n := range b.src.Part(t.Name, p.parts[1:2], b.prefix) {
			n.Suffix = `"`
			b.addAll(n)
		}
	}
}

// fields completes the name behind the dot at an index.
func (b *body) fields(dot int) {
	from := b.code.operand(dot - 1)
	if from < 0 {
		return
	}
	expr := b.text[b.code.toks[from].start:b.code.toks[dot-1].end]
	b.addFields(b.analyse(expr).typ)
}

// inOffsetof completes the second argument of offsetof: the fields of the type or value that is the first.
func (b *body) inOffsetof(before int) bool {
	call, ok := b.code.call(before)
	if !ok || call.name != "offsetof" || call.arg != 1 {
		return false
	}
	b.offsetof(call, before)
	return true
}

func (b *body) offsetof(call call, before int) {
	comma := call.first
	for comma <= before && !b.code.at(comma).is(",") {
		comma++
	}
	if comma == call.first || comma > before {
		return
	}
	first := b.text[b.code.toks[call.first].start:b.code.toks[comma-1].end]
	path := ""
	if before > comma {
		path = "->" + strings.TrimSuffix(b.text[b.code.toks[comma+1].start:b.code.toks[before].end], ".")
	}
	t := b.analyse("((" + first + " *)0)" + path).typ
	if structOf(t) == nil {
		t = b.analyse("(" + first + ")" + path).typ
	}
	b.addFields(t)
}

// structOf returns the struct that a type is or points to, or nil.
func structOf(t types.Type) *types.Struct {
	for {
		switch u := t.(type) {
		case types.Pointer:
			t = u.Elem
			continue
		case *types.Struct:
			return u
		default: // no other type matters here
		}
		return nil
	}
}

// addFields adds the members of a type: of what it points to, as the dot follows pointers.
func (b *body) addFields(t types.Type) {
	switch u := t.(type) {
	case types.Tuple:
		for i, e := range u.Elems {
			b.add(strconv.Itoa(i), detail(e))
		}
		return
	case types.Record:
		for _, f := range u.Fields {
			b.add(f.Name, detail(f.Type))
		}
		return
	default: // no other type matters here
	}
	if s := structOf(t); s != nil {
		b.members(s, 0)
	}
}

// maxAnonymous bounds how deep anonymous members may nest.
const maxAnonymous = 32

// members adds the members of a struct in order, those of anonymous members among them.
func (b *body) members(s *types.Struct, depth int) {
	for _, f := range s.Members() {
		inner, ok := f.Type.(*types.Struct)
		switch {
		case f.Name != "":
			b.add(f.Name, detail(f.Type))
		case ok && depth < maxAnonymous:
			b.members(inner, depth+1)
		}
	}
}
