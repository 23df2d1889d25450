package main

import (
	"slices"
	"strings"
	"sync"

	"github.com/gtrace/gtrace/lang/cdef"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/expand"
	"github.com/gtrace/gtrace/lang/parser"
	"github.com/gtrace/gtrace/repl/complete"
	"github.com/gtrace/gtrace/runtime/probe"
	"github.com/gtrace/gtrace/stdlib"
)

// talk is what completion asks of a session that runs. Its methods are called from other goroutines.
type talk interface {
	// Maps returns the live maps, sorted by name.
	Maps() []*check.Map
	// Prelude returns the declarations that stay for later inputs.
	Prelude() string
	// Commands returns the commands, sorted by name.
	Commands() []complete.Command
}

// completions is the machine and the session as the completer asks for them. Lists are made when they are asked for first.
type completions struct {
	*compiler
	talk
	builtins  check.Builtins
	kinds     func() []complete.ProbeType
	constants func() []string
	symbols   func() []string

	mu sync.Mutex
	// trees are the names for attach points by probe type, and by probe type and file.
	trees map[string]probe.Tree
}

var _ complete.Source = (*completions)(nil)

// newCompletions returns a source for inputs that are compiled by c and typed into a session.
func newCompletions(c *compiler, t talk) *completions {
	s := &completions{compiler: c, talk: t, builtins: stdlib.New(), trees: map[string]probe.Tree{}}
	s.kinds = sync.OnceValue(s.probeTypes)
	s.constants = sync.OnceValue(func() []string {
		out := slices.Concat(cdef.ConstantNames(), c.host.EnumeratorNames())
		slices.Sort(out)
		return slices.Compact(out)
	})
	s.symbols = sync.OnceValue(c.host.SymbolNames)
	return s
}

// Builtins returns the builtins.
func (s *completions) Builtins() check.Builtins { return s.builtins }

// Constants returns the constants of the headers and the kernel's enumerators.
func (s *completions) Constants() []string { return s.constants() }

// Symbols returns the names of the kernel's symbols.
func (s *completions) Symbols() []string { return s.symbols() }

// TypeNames returns the kernel's types of a keyword.
func (s *completions) TypeNames(keyword string) []string { return s.host.TypeNames(keyword) }

// ProbeTypes returns the probe types that this kernel has.
func (s *completions) ProbeTypes() []complete.ProbeType { return s.kinds() }

func (s *completions) probeTypes() []complete.ProbeType {
	var out []complete.ProbeType
	for _, t := range s.probes.Types() {
		out = append(out, complete.ProbeType(t))
	}
	return out
}

// Check parses and checks a script, without a word about what is wrong with it.
func (s *completions) Check(text string, wrap func(check.Providers) check.Providers) *check.Info {
	diags := &diag.List{}
	tree := parser.Parse(diag.NewFile("completion", text), diags)
	expand.Program(tree, expandOptions(nil), diags)
	info, err := check.Check(tree, check.Options{
		ParseExpr: parser.ParseExpr,
		Unsafe:    true, PID: s.attachPID(), Child: s.childPID != 0, Builtins: s.builtins, Providers: wrap(s.probes), Host: s.host,
		Maps: s.Maps(),
	}, diags)
	if err != nil {
		return nil
	}
	return info
}

// Part returns the names for a part of an attach point: files, what is in them, or what the probe type lists.
func (s *completions) Part(kind string, before []string, prefix string) []complete.Names {
	if s.takesFile(kind) {
		if len(before) == 0 {
			return programs(prefix)
		}
		return branch(s.tree(kind, before[0]), before[1:])
	}
	return branch(s.tree(kind, ""), before)
}

func (s *completions) takesFile(kind string) bool {
	return slices.ContainsFunc(s.ProbeTypes(), func(t complete.ProbeType) bool { return t.Name == kind && t.Files })
}

func branch(t probe.Tree, before []string) []complete.Names {
	b := t[strings.Join(before, ":")]
	if b == nil {
		return nil
	}
	return []complete.Names{{List: b.Last}, {List: b.More, Suffix: ":"}}
}

// maxTrees is the number of lists that are kept: those of programs go when there are more.
const maxTrees = 32

// tree returns the names of a probe type, or of one in a file. What cannot be listed has no names.
func (s *completions) tree(kind, file string) probe.Tree {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := kind + ":" + file
	if t, ok := s.trees[key]; ok {
		return t
	}
	if len(s.trees) >= maxTrees {
		clear(s.trees)
	}
	var t probe.Tree
	var err error
	if file == "" {
		t, err = s.probes.Next(kind)
	} else {
		t, err = s.probes.NextIn(kind, file)
	}
	if err != nil {
		return nil // perhaps it can be listed later
	}
	s.trees[key] = t
	return t
}
