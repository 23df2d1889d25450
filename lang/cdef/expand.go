package cdef

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/diag"
)

// maxExpansion bounds the number of tokens that the macros of a script may grow to, all together.
const maxExpansion = 200_000

// maxValue bounds the number of tokens of a macro that is a constant. It is a part of maxExpansion, so that many macros of which each is
// too large cost no more than the text.
const maxValue = 10_000

// expand replaces the macros in tokens. Those in hidden are being replaced already and stay.
func (p *preprocessor) expand(toks []token, hidden []string) []token {
	return p.expandInto(nil, toks, hidden, diag.Span{})
}

// expandInto puts out tokens with their macros replaced. What a macro stands for is put where it is used, at, if that is known, so that
// errors in it are shown there.
func (p *preprocessor) expandInto(out, toks []token, hidden []string, at diag.Span) []token {
	var calls []int // how many tokens each pair of parentheses takes; found when a call may need it
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		used := t.at
		if at.IsValid() {
			used = at
		}
		m, ok := p.unit.macros[t.text]
		replaced := t.kind == tokIdent && ok && !slices.Contains(hidden, t.text) && p.expanded <= maxExpansion && len(hidden) <= 100
		n := 0
		if replaced && m.function {
			if calls == nil {
				calls = closing(toks)
			}
			if i+1 < len(toks) {
				n = calls[i+1]
			}
			replaced = n > 0
		}
		if !replaced {
			t.at = used
			out = append(out, t)
			continue
		}
		body := m.body
		if m.function {
			body = substitute(m, arguments(toks[i+1:i+1+n]))
			i += n
		}
		p.count(t, 1+len(body))
		out = p.expandInto(out, body, append(hidden, t.text), used)
	}
	return out
}

// count adds to what macros have grown to, and reports once that it is too much.
func (p *preprocessor) count(t token, n int) {
	before := p.expanded
	if p.expanded += n; before <= maxExpansion && p.expanded > maxExpansion {
		p.diags.Errorf(t.at, "c-macro", "the macros of this script grow to more than %d words", maxExpansion)
	}
}

// closing returns, for each opening parenthesis, the number of tokens up to the one that closes it, both included; 0 for all
// other tokens and where none does.
func closing(toks []token) []int {
	n := make([]int, len(toks))
	var open []int
	for i, t := range toks {
		switch {
		case t.is("("):
			open = append(open, i)
		case t.is(")") && len(open) > 0:
			first := open[len(open)-1]
			open = open[:len(open)-1]
			n[first] = i - first + 1
		}
	}
	return n
}

// arguments returns the arguments of a call of a macro, given with its parentheses.
func arguments(toks []token) [][]token {
	var args [][]token
	depth, arg := 0, []token(nil)
	for _, t := range toks[1 : len(toks)-1] {
		switch {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		case t.is(",") && depth == 0:
			args, arg = append(args, arg), nil
			continue
		}
		arg = append(arg, t)
	}
	return append(args, arg)
}

// substitute puts arguments in the place of parameters, as long as the outcome is within what macros may grow to.
func substitute(m *macro, args [][]token) []token {
	var out []token
	for i := 0; i < len(m.body) && len(out) <= maxExpansion; i++ {
		t := m.body[i]
		n := slices.Index(m.params, t.text)
		switch {
		case t.is("##") && len(out) > 0 && i+1 < len(m.body):
			i++
			right := m.body[i : i+1]
			if k := slices.Index(m.params, right[0].text); k >= 0 && k < len(args) {
				right = args[k]
			}
			if len(right) > 0 {
				out[len(out)-1].text += right[0].text
				out = append(out, right[1:]...)
			}
		case t.is("#") && m.function && i+1 < len(m.body) && slices.Contains(m.params, m.body[i+1].text):
			i++
			out = append(out, stringified(t, args, slices.Index(m.params, m.body[i].text)))
		case t.kind == tokIdent && n >= 0 && n < len(args):
			out = append(out, args[n]...)
		default:
			out = append(out, t)
		}
	}
	return out
}

// stringified is #x: the text of an argument as a string.
func stringified(at token, args [][]token, n int) token {
	var b strings.Builder
	if n < len(args) {
		for i, t := range args[n] {
			if i > 0 && t.spaced {
				b.WriteByte(' ')
			}
			b.WriteString(t.text)
		}
	}
	return token{kind: tokString, text: strconv.Quote(b.String()), at: at.at}
}
