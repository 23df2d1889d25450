package repl

import (
	"io"
	"slices"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/diag"
)

// Compiler makes Objects of what is typed.
type Compiler interface {
	// IsIncomplete reports whether text ends in the middle of something.
	IsIncomplete(text string) bool
	// IsScript reports whether text has the form of a script, as against statements.
	IsScript(text string) bool
	// Compile compiles an input. What is to be said about the text goes to diags, at places in the input; the result is nil then, if
	// there are errors. An error means that the world failed.
	Compile(in Input, diags *diag.List) (*Compiled, error)
}

// Input is what there is to compile.
type Input struct {
	File *diag.File
	// Params are positional parameters.
	Params []string
	// Definitions are those of earlier inputs.
	Definitions []Definition
	// Maps are the names of the live maps, whose types the compiler knows from when it compiled them.
	Maps []string
	// Dump returns where a stage of the compilation is printed, or nil for nowhere. It may be nil itself.
	Dump func(stage string) io.Writer
}

// Compiled is what an input came to.
type Compiled struct {
	// Object has the programs; it is nil if there are only definitions.
	Object *object.Object
	// Statements is set where the input was statements.
	Statements bool
	// Definitions are those of the input, Probes the text of its probes.
	Definitions []Definition
	Probes      string
}

// Definition is something that stays for later inputs.
type Definition struct {
	Text string
	// Names are what it defines, each with its kind: "struct foo", "macro m", "config max_strlen". A later definition of one of them
	// takes its place.
	Names []string
	// Map is the map that it declares, if it does.
	Map string
}

// Redefines reports whether a definition takes the place of an earlier one.
func (d Definition) Redefines(earlier Definition) bool {
	return d.Text == earlier.Text || slices.ContainsFunc(d.Names, func(n string) bool { return slices.Contains(earlier.Names, n) })
}

// World is what the machine offers.
type World interface {
	// ListProbes writes the probes that match a pattern, with their arguments if verbose, and returns their number.
	ListProbes(w io.Writer, pattern string, verbose bool) (int, error)
	// ShowType writes a type: "struct task_struct", "task_struct".
	ShowType(w io.Writer, name string) error
}

// Completer proposes how a word may go on.
type Completer interface {
	// Complete returns what can stand at the offset pos of a text, which is the whole input so far. It must not take long.
	Complete(text string, pos int) Completion
}

// Completion is what can stand at the cursor.
type Completion struct {
	// Start is the offset in the text where the word begins.
	Start int
	// Candidates are some of the Total words, the best first; Common is what all of them begin with.
	Candidates []Candidate
	Total      int
	Common     string
	// Pending is set where the answer takes longer: there may be one when asked again.
	Pending bool
}

// Candidate is a proposal: a word, and what it is.
type Candidate struct{ Text, Detail string }
