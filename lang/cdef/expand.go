package cdef

import "slices"

// maxExpansion bounds the number of tokens that the macros of a script may grow to, all together.
const maxExpansion = 200_000

// expand replaces the macros in tokens. Those in hidden are being replaced already and stay.
func (p *preprocessor) expand(toks []token, hidden []string) []token {
	var out []token
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		m, ok := p.unit.macros[t.text]
		if t.kind != tokIdent || !ok || slices.Contains(hidden, t.text) || p.expanded > maxExpansion || len(hidden) > 100 {
			out = append(out, t)
			continue
		}
		body := m.body
		if m.function {
			args, n := arguments(toks[i+1:])
			if n == 0 {
				out = append(out, t)
				continue
			}
			body = substitute(m, args)
			i += n
		}
		p.expanded += 1 + len(body)
		for _, e := range p.expand(body, append(slices.Clip(hidden), t.text)) {
			if t.at.IsValid() {
				e.at = t.at // errors in what a macro stands for are shown where it is used
			}
			out = append(out, e)
		}
	}
	return out
}

// arguments returns the arguments of a call of a macro and the number of tokens they take, parentheses included.
func arguments(toks []token) (args [][]token, n int) {
	if len(toks) == 0 || !toks[0].is("(") {
		return nil, 0
	}
	depth, arg := 0, []token(nil)
	for i, t := range toks {
		switch {
		case t.is("("):
			if depth++; depth == 1 {
				continue
			}
		case t.is(")"):
			if depth--; depth == 0 {
				return append(args, arg), i + 1
			}
		case t.is(",") && depth == 1:
			args, arg = append(args, arg), nil
			continue
		}
		arg = append(arg, t)
	}
	return nil, 0
}

// substitute puts arguments in the place of parameters.
func substitute(m *macro, args [][]token) []token {
	var out []token
	for i := 0; i < len(m.body); i++ {
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
		case t.kind == tokIdent && n >= 0 && n < len(args):
			out = append(out, args[n]...)
		default:
			out = append(out, t)
		}
	}
	return out
}
