package matrix

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/gtrace/gtrace/codegen/target"
)

// A Form is one way to use a builtin.
//
// In the table, each begins a line: statements if it ends with ";" or "}", else an expression, which is printed then. "@" stands for a map
// that no other form has. Indented lines under it are its rules.
type Form struct {
	Text  string
	Rules []Rule
	// Line is where the form is in the table.
	Line int
}

// A Rule says where a form is refused.
type Rule struct {
	Kind RuleKind
	// Types are the probe types that the rule is about; nil means all.
	Types []string
	// Since is the kernel of a rule about kernels.
	Since target.Version
	// Words are a regular expression for the message that a refused form gets, or the reason of an exception, or an attach point.
	Words string
}

// RuleKind is the first word of a rule.
type RuleKind string

// The kinds of rules.
const (
	// Only names the probe types that have the form: "only kprobe uprobe: words".
	Only RuleKind = "only"
	// Not names the probe types that do not: "not begin end: words".
	Not RuleKind = "not"
	// Needs names the first kernel with what the form needs: "needs 5.17: words", or "needs 5.17 iter: words".
	Needs RuleKind = "needs"
	// Data is for forms that need symbols of the kernel's data: "data: words".
	Data RuleKind = "data"
	// May is for forms that a kernel may be built without: "may: words".
	May RuleKind = "may"
	// At names other attach points for the form than those of all: "at: kprobe:f fentry:f".
	At RuleKind = "at"
	// Peer names the probe types where bpftrace decides the other way: "peer usdt: reason".
	Peer RuleKind = "peer"
	// Silent is for forms that bpftrace is not asked about: "silent: reason".
	Silent RuleKind = "silent"
	// Once is for forms that take so long that they are tried in the first probe type only: "once: reason".
	Once RuleKind = "once"
)

// Kernel is what expectations depend on.
type Kernel struct {
	Version target.Version
	// Data says that the kernel has symbols of data.
	Data bool
}

// Want is what is expected of a form in a probe type.
type Want struct {
	// Refused is a regular expression for the message, or empty if the form has to load.
	Refused string
	// Either is set where it may load as well.
	Either bool
}

// Want returns what gtrace has to do with a form.
func (f Form) Want(probeType string, k Kernel) Want {
	if w := f.Language(probeType); w.Refused != "" {
		return w
	}
	for _, r := range f.Rules {
		switch {
		case !r.about(probeType):
		case r.Kind == Needs && k.Version.Before(r.Since), r.Kind == Data && !k.Data:
			return Want{Refused: r.Words}
		case r.Kind == May:
			return Want{Refused: r.Words, Either: true}
		}
	}
	return Want{}
}

// Language returns what the language says of a form, whatever the kernel.
func (f Form) Language(probeType string) Want {
	for _, r := range f.Rules {
		if r.Kind == Only && !r.about(probeType) || r.Kind == Not && r.about(probeType) {
			return Want{Refused: r.Words}
		}
	}
	return Want{}
}

// PeerRefuses reports whether bpftrace refuses the form.
func (f Form) PeerRefuses(probeType string) bool {
	refused := f.Language(probeType).Refused != ""
	for _, r := range f.Rules {
		if r.Kind == Peer && r.about(probeType) {
			return !refused
		}
	}
	return refused
}

// Silent reports whether bpftrace is not to be asked about the form.
func (f Form) Silent() bool { return f.has(Silent) }

// NeedsData reports whether the form needs symbols of the kernel's data.
func (f Form) NeedsData() bool { return f.has(Data) }

func (f Form) has(kinds ...RuleKind) bool {
	return slices.ContainsFunc(f.Rules, func(r Rule) bool { return slices.Contains(kinds, r.Kind) })
}

// For returns the forms that are tried in a probe type.
func (p Point) For(forms []Form) []Form {
	if p.Type == Points[0].Type {
		return forms
	}
	return slices.DeleteFunc(slices.Clone(forms), func(f Form) bool { return f.has(Once) })
}

// word is a name in a form, or a number or text that is not just any.
var word = regexp.MustCompile(`[A-Za-z_]\w*`)

// Words returns the forms that have a word that none before them has, and those that not every kernel has: so each builtin, each
// type and each option is in one at least.
func Words(forms []Form) []Form {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(forms), func(f Form) bool {
		known := !f.Kernels()
		for _, w := range word.FindAllString(f.Text, -1) {
			known = known && seen[w]
			seen[w] = true
		}
		return known
	})
}

// Kernels reports whether it depends on the kernel whether the form can be had.
func (f Form) Kernels() bool { return f.has(Needs, Data, May) }

// Special returns the forms that have rules. All others are much alike in probe types of one kind of program.
func Special(forms []Form) []Form {
	return slices.DeleteFunc(slices.Clone(forms), func(f Form) bool { return len(f.Rules) == 0 })
}

// Body returns the statements for a probe.
func (f Form) Body() string {
	text := strings.ReplaceAll(f.Text, "@", fmt.Sprintf("@m%d", f.Line))
	if strings.HasSuffix(text, ";") || strings.HasSuffix(text, "}") {
		return text
	}
	return "print(" + text + ");"
}

// At returns the attach point that the form wants in a probe type, or def.
func (f Form) At(probeType, def string) string {
	for _, r := range f.Rules {
		if r.Kind != At {
			continue
		}
		for point := range strings.FieldsSeq(r.Words) {
			if strings.HasPrefix(point, probeType+":") {
				return point
			}
		}
	}
	return def
}

func (r Rule) about(probeType string) bool {
	return r.Types == nil && r.Kind != Only || slices.Contains(r.Types, probeType)
}

// Read reads a table.
func Read(path string) ([]Form, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read forms: %w", err)
	}
	var out []Form
	for i, line := range strings.Split(string(data), "\n") {
		rule, isRule := strings.CutPrefix(line, "\t")
		switch {
		case line == "" || strings.HasPrefix(line, "# "):
		case !isRule:
			out = append(out, Form{Text: line, Line: i + 1})
		case len(out) == 0:
			return nil, fmt.Errorf("%s:%d: a rule before the first form", path, i+1)
		default:
			r, err := parseRule(rule)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
			}
			out[len(out)-1].Rules = append(out[len(out)-1].Rules, r)
		}
	}
	return out, nil
}

func parseRule(text string) (Rule, error) {
	head, words, ok := strings.Cut(text, ": ")
	fields := strings.Fields(head)
	if !ok || len(fields) == 0 {
		return Rule{}, fmt.Errorf("a rule is KIND TYPES: WORDS, not %q", text)
	}
	r := Rule{Kind: RuleKind(fields[0]), Words: words}
	fields = fields[1:]
	switch r.Kind {
	case Needs:
		if len(fields) == 0 {
			return Rule{}, fmt.Errorf("%q names no kernel", text)
		}
		if _, err := fmt.Sscanf(fields[0], "%d.%d", &r.Since.Major, &r.Since.Minor); err != nil {
			return Rule{}, fmt.Errorf("read the kernel of %q: %w", text, err)
		}
		fields = fields[1:]
	case Only, Not, Data, May, At, Peer, Silent, Once:
	default:
		return Rule{}, fmt.Errorf("unknown kind of rule %q", r.Kind)
	}
	for _, name := range fields {
		if !slices.ContainsFunc(Points, func(p Point) bool { return p.Type == name }) {
			return Rule{}, fmt.Errorf("unknown probe type %q", name)
		}
		r.Types = append(r.Types, name)
	}
	return r, nil
}
