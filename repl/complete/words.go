package complete

import (
	"slices"
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/check"
)

// keyword is a word of the language and what it is for.
type keyword struct{ name, doc string }

// statementWords begin a statement.
var statementWords = [...]keyword{
	{"break", "leave the loop"},
	{"continue", "go on with the next round of the loop"},
	{"for ", "for ($kv : @map) { … } or for ($i : 0..n) { … }"},
	{"if ", "if (condition) { … } else { … }"},
	{"let ", "let $x or let $x: type = value"},
	{"return", "end the probe"},
	{"unroll ", "unroll (n) { … }"},
	{"while ", "while (condition) { … }"},
}

// operandWords begin an operand.
var operandWords = [...]keyword{
	{"comptime ", "a value worked out when the script is compiled"},
	{"false", "bool"},
	{"offsetof(", "offsetof(type, field)"},
	{"sizeof(", "sizeof(type or value)"},
	{"true", "bool"},
	{"typeinfo(", "typeinfo(type or value)"},
	{"typeof(", "typeof(type or value)"},
}

// declarationWords begin a top-level part that is no probe.
var declarationWords = [...]keyword{
	{"config = { ", "config = { name = value; … }"},
	{"fn ", "fn name($x: type): type { … }"},
	{"import ", `import "path";`},
	{"let ", "let @map = kind(entries);"},
	{"macro ", "macro name($x, @map, value) { … }"},
	{"struct ", "C definition"},
	{"union ", "C definition"},
	{"enum ", "C definition"},
	{"typedef ", "C definition"},
}

// mapKinds are the kinds of maps that can be declared.
var mapKinds = [...]keyword{
	{"hash", "hash(entries)"},
	{"lruhash", "lruhash(entries): drops the key used longest ago"},
	{"percpuhash", "percpuhash(entries)"},
	{"percpulruhash", "percpulruhash(entries)"},
}

// typeWords are the types that have names of their own.
var typeWords = [...]string{
	"bool", "buffer", "enum ", "int16", "int32", "int64", "int8", "string", "struct ", "uint16", "uint32", "uint64", "uint8", "union ",
}

// statementWord reports whether a word begins a statement, or one of its branches.
func statementWord(w string) bool {
	switch w {
	case "break", "continue", "for", "if", "let", "return", "unroll", "while":
		return true
	}
	return false
}

func (a *answer) addKeywords(list []keyword) {
	for _, k := range list {
		a.add(k.name, k.doc)
	}
}

// startOf completes the first word of a top-level part: a probe type, a declaration, or, at the prompt, a statement.
func (s *script) startOf(prefix string, at int) {
	s.word(at, prefix)
	s.addProbeTypes()
	s.addKeywords(declarationWords[:])
	if prefix == "" && at > 0 {
		return // behind a complete declaration another one is likely
	}
	s.item = at
	b := &body{script: s, code: &code{text: s.text, from: at, end: -1}, head: "begin"}
	b.code.toks = nil
	b.names(-1)
}

// addTypes adds all that may stand as a type.
func (a *answer) addTypes() {
	a.addTypeWords("")
	a.addTypedefs()
}

func (a *answer) addTypeWords(detail string) {
	for _, w := range typeWords {
		a.add(w, detail)
	}
}

// addTypedefs adds the kernel's typedefs, of which there are thousands, once something is typed.
func (a *answer) addTypedefs() {
	if a.prefix != "" {
		a.addAll(Names{List: a.src.TypeNames(""), Detail: "typedef"})
	}
}

// tags adds the structs, unions or enums, those of the text first.
func (s *script) tags(keyword, text string) {
	var own []string
	for _, t := range definedNames(s.declarations()).tags {
		if name, ok := strings.CutPrefix(t, keyword+" "); ok {
			own = append(own, name)
			s.add(name, "of this script")
		}
	}
	kernel := s.src.TypeNames(keyword)
	for _, name := range own {
		if i, ok := slices.BinarySearch(kernel, name); ok {
			kernel = slices.Delete(slices.Clone(kernel), i, i+1)
		}
	}
	s.addAll(Names{List: kernel})
}

// defined are the names that C definitions make.
type defined struct {
	constants []string
	tags      []string // "struct foo"
}

// definedNames looks through C definitions for what they define.
func definedNames(decls []ast.Decl) defined {
	var out defined
	for _, d := range decls {
		if c, ok := d.(*ast.CDecl); ok {
			out.read(c.Text)
		}
	}
	slices.Sort(out.constants)
	out.constants = slices.Compact(out.constants)
	slices.Sort(out.tags)
	out.tags = slices.Compact(out.tags)
	return out
}

func (d *defined) read(text string) {
	if rest, ok := strings.CutPrefix(text, "#define"); ok {
		rest = strings.TrimLeft(rest, " \t")
		if w := wordAt(rest, 0); w != "" && byteAt(rest, len(w)) != '(' {
			d.constants = append(d.constants, w)
		}
		return
	}
	c := readCode(text, 0, stopNever)
	for i, t := range c.toks {
		if !t.isWord("struct", "union", "enum") || c.at(i+1).kind != tokWord || !c.at(i+2).is("{") {
			if !t.isWord("enum") || !c.at(i+1).is("{") {
				continue
			}
		} else {
			d.tags = append(d.tags, t.text+" "+c.at(i+1).text)
		}
		if t.isWord("enum") {
			d.enumerators(c, i)
		}
	}
}

// enumerators reads the names in the braces behind the word enum at an index.
func (d *defined) enumerators(c *code, i int) {
	for !c.at(i).is("{") {
		i++
	}
	for ; i < len(c.toks) && !c.at(i).is("}"); i++ {
		if t := c.at(i + 1); (c.at(i).is("{") || c.at(i).is(",")) && t.kind == tokWord {
			d.constants = append(d.constants, t.text)
		}
	}
}

// addSettings adds the names of config variables.
func (a *answer) addSettings(suffix string) {
	for _, s := range check.Settings() {
		a.add(s.Name+suffix, strings.Join(s.Values, ", "))
	}
}

// addSettingValues adds the values of a config variable, where there are only a few.
func (a *answer) addSettingValues(name string) {
	for _, s := range check.Settings() {
		if s.Name == strings.ToLower(name) {
			for _, v := range s.Values {
				a.add(v, "")
			}
		}
	}
}
