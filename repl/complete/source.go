package complete

import (
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
)

// Source is what the completer asks of the world. Methods may take their time on the first call, and have to be safe for calls from
// another goroutine: the completer does not wait for them longer than its budget.
type Source interface {
	// ProbeTypes returns the probe types that this kernel has, sorted by name.
	ProbeTypes() []ProbeType
	// Part returns the names that may stand as the next part of an attach point: of the type, which is canonical, behind the parts
	// before. prefix is what is typed of it, for lists that are only made for a prefix, as those of files.
	Part(kind string, before []string, prefix string) []Names
	// Files returns the files and folders whose path begins with a prefix.
	Files(prefix string) []Names
	// TypeNames returns the kernel's types of a keyword: "struct", "union", "enum", or "" for typedefs.
	TypeNames(keyword string) []string
	// Constants returns the names of the constants and enumerators that scripts may use, sorted.
	Constants() []string
	// Symbols returns the names of the kernel's symbols, sorted.
	Symbols() []string
	// Builtins returns the builtins.
	Builtins() check.Builtins
	// Maps returns the maps that exist in the session, sorted by name.
	Maps() []*check.Map
	// Prelude returns the declarations that the session keeps for all inputs: C definitions, macros, functions.
	Prelude() string
	// Commands returns the session's commands, sorted by name.
	Commands() []Command
	// Check parses and checks a script as the session would; wrap is put around the probe types. What is wrong with the script does not
	// matter. The result is nil if nothing can be said.
	Check(text string, wrap func(check.Providers) check.Providers) *check.Info
}

// Names is a sorted list of names. The completer does not change it, so that a Source may hand out the same list again and again.
type Names struct {
	List []string
	// Suffix follows each name: ":" where another part of the attach point has to come, "/" behind folders.
	Suffix string
	// Detail says what the names are.
	Detail string
}

// ProbeType is a kind of probe.
type ProbeType struct {
	Name string
	// Aliases are the short name and old spellings.
	Aliases []string
	// Parts is set where something has to follow the type: all but begin and end.
	Parts bool
	// Files is set where the first part is the path of a file.
	Files bool
}

// Command is a command of the session.
type Command struct {
	// Name is what is typed, any mark that makes it a command included; Short are its short forms.
	Name  string
	Short []string
	Doc   string
	// Args says what its arguments are, in order. The last one may be repeated.
	Args []Arg
}

// Arg is an argument of a command.
type Arg struct {
	Kind ArgKind
	// Words are words that can be given, besides what the kind stands for: numbers of groups, names of formats.
	Words []Candidate
}

// ArgKind is what an argument of a command stands for.
type ArgKind uint8

// The kinds of arguments.
const (
	ArgWord    ArgKind = iota // one of a few words
	ArgProbe                  // an attach point or a pattern for attach points
	ArgMap                    // a map
	ArgFile                   // a file
	ArgType                   // a type: struct and its name
	ArgConfig                 // a config variable, followed by its value
	ArgBuiltin                // the name of a builtin
	ArgScript                 // probes or statements, up to the end of the input
)

// Candidate is one way to go on.
type Candidate struct {
	// Text replaces the word at the cursor, and begins with it.
	Text string
	// Detail is shown beside it: a type, or a line of help.
	Detail string
}

// Result is what can stand at the cursor.
type Result struct {
	// Start is the offset in the text where the word begins that the candidates stand for.
	Start int
	// Candidates are the best ones first, those alike in order; at most Limit.
	Candidates []Candidate
	// Total counts all of them, also those that were left out.
	Total int
	// Common is the longest text that all of them, also those left out, begin with.
	Common string
	// Pending is set where the answer is still being worked out: there are no candidates yet, but there may be some when asked again.
	Pending bool
}

// detail returns a type as it is shown, or "" if it is not known.
func detail(t types.Type) string {
	switch t := t.(type) {
	case nil, types.Invalid:
		return ""
	case types.Array:
		if t.Text > 0 {
			return types.String{Size: t.Text}.String()
		}
	default: // no other type matters here
	}
	return t.String()
}
