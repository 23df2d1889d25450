package emit

import (
	"slices"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// Link returns the instructions of a program followed by those of all subprograms that it may come to call, and the names of those
// that are not among the results, in the order in which they are first called.
func Link(results []Result, program int) (insns asm.Instructions, externs []string) {
	out := slices.Clone(results[program].Insns)
	if len(results[program].Calls) == 0 {
		return out, nil
	}
	byName := map[string]*Result{}
	for i := range results {
		byName[results[i].Name] = &results[i]
	}
	seen := map[string]bool{}
	for calls := results[program].Calls; len(calls) > 0; {
		name := calls[0]
		calls = calls[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		if byName[name] == nil {
			externs = append(externs, name)
			continue
		}
		out = append(out, byName[name].Insns...)
		calls = append(slices.Clone(calls), byName[name].Calls...)
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
