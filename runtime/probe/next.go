package probe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Type is a probe type as completion shows it.
type Type struct {
	Name string
	// Aliases are the short name and old spellings.
	Aliases []string
	// Parts is set where something has to follow the type.
	Parts bool
	// Files is set where the first part is a program or library.
	Files bool
}

// absent is a provider that not every machine has.
type absent interface{ available() bool }

// inFiles is a provider whose first part is a file.
type inFiles interface{ inFiles() bool }

// inModules is a provider whose first part is a kernel module that may be left out.
type inModules interface{ inModules() bool }

// Types returns the probe types that this machine has, sorted by name.
func (s *Set) Types() []Type {
	var out []Type
	for _, e := range s.entries {
		if a, ok := e.provider.(absent); ok && !a.available() {
			continue
		}
		_, edge := e.provider.(*edge)
		files, ok := e.provider.(inFiles)
		out = append(out, Type{Name: e.provider.Name(), Aliases: e.aliases, Parts: !edge, Files: ok && files.inFiles()})
	}
	slices.SortFunc(out, func(a, b Type) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func (k *kprobe) available() bool { return k.host.HasKprobes() }

func (u *uprobe) available() bool { return u.host.HasUprobes() }

func (f *fentry) available() bool { return f.host.HasBTF() && f.host.HasTrampolines() }

func (i *iter) available() bool { return i.host.HasBTF() }

func (u *usdtProbe) available() bool { return u.host.HasUprobes() }

func (u *uprobe) inFiles() bool { return true }

func (u *usdtProbe) inFiles() bool { return true }

func (r *rawTracepoint) inModules() bool { return true }

func (c *counter) available() bool { return c.kind != unix.PERF_TYPE_HARDWARE || c.host.HasCounters() }

// Branch is what can stand as a part of an attach point, sorted: the names that may be the last part, and those that a part has to follow.
type Branch struct{ Last, More []string }

// Tree is the names that attach points of one type can have, by the parts before, which are joined by colons.
type Tree map[string]*Branch

// Next returns what can stand in an attach point of a type.
func (s *Set) Next(kind string) (Tree, error) {
	p, ok := s.lookup(kind)
	if !ok {
		return nil, fmt.Errorf("unknown probe type %q", kind)
	}
	switch p.(type) {
	case *kprobe, *fentry:
		return s.functionTree(p)
	}
	return treeOf(p, kind, "*")
}

// NextIn is Next for what can stand behind the file in an attach point of a type that has one.
func (s *Set) NextIn(kind, file string) (Tree, error) {
	p, ok := s.lookup(kind)
	if !ok {
		return nil, fmt.Errorf("unknown probe type %q", kind)
	}
	t, err := treeOf(p, kind, file+":*")
	if err != nil {
		return nil, err
	}
	out := Tree{}
	for before, b := range t {
		if _, rest, ok := strings.Cut(before+":", ":"); before != "" && ok { // without the file
			out[strings.TrimSuffix(rest, ":")] = b
		}
	}
	return out, nil
}

// treeOf makes a tree of a listing.
func treeOf(p provider, kind, pattern string) (Tree, error) {
	listed, err := p.list(query{parts: patterns(pattern)})
	if err != nil {
		return nil, err
	}
	m, ok := p.(inModules)
	short := ok && m.inModules()
	t := Tree{}
	for _, l := range listed {
		parts := strings.Split(strings.TrimPrefix(l.Name, kind+":"), ":")
		t.add(parts)
		if short && len(parts) > 1 {
			t.add(parts[1:])
		}
	}
	return t.sorted(), nil
}

// functionTree is the kernel's functions, made without a listing, since there are many. The module may be left out.
func (s *Set) functionTree(p provider) (Tree, error) {
	if a, ok := p.(absent); ok && !a.available() {
		return Tree{}, nil
	}
	all, err := s.host.Functions()
	if err != nil {
		return nil, err
	}
	t := Tree{}
	for _, f := range all {
		t.add([]string{f.Name})
		t.add([]string{moduleName(f.Module), f.Name})
	}
	return t.sorted(), nil
}

// add adds a name that is split into its parts. An empty last part stands for one that only the user knows.
func (t Tree) add(parts []string) {
	for i, part := range parts {
		before := strings.Join(parts[:i], ":")
		b := t[before]
		if b == nil {
			b = &Branch{}
			t[before] = b
		}
		switch {
		case part == "":
		case i == len(parts)-1:
			b.Last = append(b.Last, part)
		case len(b.More) == 0 || b.More[len(b.More)-1] != part:
			b.More = append(b.More, part)
		}
	}
}

func (t Tree) sorted() Tree {
	for _, b := range t {
		slices.Sort(b.Last)
		slices.Sort(b.More)
		b.Last, b.More = slices.Compact(b.Last), slices.Compact(b.More)
	}
	return t
}
