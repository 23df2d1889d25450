package cdef

import (
	"slices"
	"strconv"

	"github.com/gtrace/gtrace/lang/diag"
)

// packing is what #pragma pack has said so far. A mistake is a warning and changes nothing, as in C compilers.
type packing struct {
	// now is the largest alignment that members may have, or 0.
	now   int
	saved []savedPacking
}

// savedPacking is what push puts aside; its name may be empty.
type savedPacking struct {
	name string
	pack int
}

// maxPackings bounds how many are put aside.
const maxPackings = 1000

// pack follows #pragma pack: (), (n), (push), (push, name), (push, n), (push, name, n), and the same with pop.
func (p *preprocessor) pack(at diag.Span, toks []token) {
	words, ok := packWords(toks)
	switch {
	case !ok:
		p.packWarning(at, "malformed '#pragma pack'").Hintf("it is written as pack(push, 1), pack(pop), pack(1) or pack()")
	case len(words) == 0:
		p.packing.now = 0
	case words[0] == "push" || words[0] == "pop":
		p.packStack(at, words[0] == "push", words[1:])
	case words[0] == "show" && len(words) == 1: // a request to the compiler's user
	default:
		p.packTo(at, words)
	}
}

func (p *preprocessor) packWarning(at diag.Span, format string, args ...any) *diag.Diagnostic {
	return p.diags.Warnf(at, "c-pragma", format, args...)
}

// packWords returns what is between the parentheses, without the commas.
func packWords(toks []token) ([]string, bool) {
	if len(toks) < 2 || !toks[0].is("(") || !toks[len(toks)-1].is(")") {
		return nil, false
	}
	var words []string
	for i, t := range toks[1 : len(toks)-1] {
		word := t.kind == tokIdent || t.kind == tokNumber
		if word != (i%2 == 0) || !word && !t.is(",") {
			return nil, false
		}
		if word {
			words = append(words, t.text)
		}
	}
	return words, len(words) == 0 || len(toks)%2 == 1
}

// packStack follows push and pop.
func (p *preprocessor) packStack(at diag.Span, push bool, words []string) {
	name := ""
	if len(words) > 0 && isLetter(words[0][0]) {
		name, words = words[0], words[1:]
	}
	if _, ok := packNumber(words); !ok && len(words) > 0 {
		p.packTo(at, words)
		return
	}
	switch {
	case push && len(p.packing.saved) > maxPackings: // this is said already
	case push:
		if len(p.packing.saved) == maxPackings {
			p.diags.Errorf(at, "c-pragma", "#pragma pack(push) is nested more than %d deep", maxPackings)
		}
		p.packing.saved = append(p.packing.saved, savedPacking{name, p.packing.now})
	case !p.packing.pop(name):
		p.packWarning(at, "#pragma pack(pop) without a #pragma pack(push) before it is ignored")
	}
	if len(words) > 0 {
		p.packTo(at, words)
	}
}

// pop takes back what was put aside last, or last under a name.
func (k *packing) pop(name string) bool {
	i := len(k.saved) - 1
	if name != "" {
		i = slices.IndexFunc(k.saved, func(s savedPacking) bool { return s.name == name })
		for j := i + 1; i >= 0 && j < len(k.saved); j++ {
			if k.saved[j].name == name {
				i = j
			}
		}
	}
	if i < 0 {
		return false
	}
	k.now, k.saved = k.saved[i].pack, k.saved[:i]
	return true
}

// packTo sets the alignment that is all that words say.
func (p *preprocessor) packTo(at diag.Span, words []string) {
	n, ok := packNumber(words)
	if !ok {
		p.packWarning(at, "'#pragma pack' takes 1, 2, 4, 8 or 16, not '%s': it is ignored", words[0])
		return
	}
	p.packing.now = n
}

// packNumber returns the alignment that is all that words say; 0 stands for none.
func packNumber(words []string) (int, bool) {
	if len(words) != 1 {
		return 0, false
	}
	n, err := strconv.ParseInt(words[0], 0, 64)
	return int(n), err == nil && slices.Contains([]int64{0, 1, 2, 4, 8, 16}, n)
}
