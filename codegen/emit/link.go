package emit

import (
	"slices"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// Linker puts programs together with the functions that they call.
type Linker struct {
	results []Result
	byName  map[string]*Result
}

// NewLinker returns a Linker for the functions of a module.
func NewLinker(results []Result) *Linker {
	l := &Linker{results: results, byName: make(map[string]*Result, len(results))}
	for i := range results {
		l.byName[results[i].Name] = &results[i]
	}
	return l
}

// Link returns the instructions of a program followed by those of all subprograms that it may come to call, and the names of those
// that are not among the results, in the order in which they are first called.
func (l *Linker) Link(program int) (insns asm.Instructions, externs []string) {
	out := slices.Clone(l.results[program].Insns)
	seen := map[string]bool{}
	calls := slices.Clone(l.results[program].Calls)
	for i := 0; i < len(calls); i++ {
		name := calls[i]
		if seen[name] {
			continue
		}
		seen[name] = true
		if l.byName[name] == nil {
			externs = append(externs, name)
			continue
		}
		out = append(out, l.byName[name].Insns...)
		calls = append(calls, l.byName[name].Calls...)
	}
	return out, externs
}

// Rename gives a program another name where the kernel shows it: in stacks, to perf and to bpftool. It returns the name as BTF allows it.
// The symbol, by which programs are told apart here, stays.
func Rename(insns asm.Instructions, name string) string {
	f := *btf.FuncMetadata(&insns[0])
	f.Name = identifier(name)
	insns[0] = btf.WithFuncMetadata(insns[0], &f)
	return f.Name
}
