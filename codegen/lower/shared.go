package lower

import (
	"slices"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
)

// reentrant reports whether a thread that is in the program can lose its CPU to another one that comes to run it, too. The kernel
// turns preemption off for other kinds of programs, or counts a second run and leaves it out.
func (m *module) reentrant(p *check.Program) bool {
	if !m.target.Has(target.UprobePreempt) || !m.target.Has(target.AtomicFetch) {
		return false
	}
	return slices.ContainsFunc(p.Probes, func(probe attach.Probe) bool {
		switch probe.Provider {
		case "uprobe", "uretprobe", "usdt", "iter":
			return true
		}
		return false
	})
}

// exclusive reports whether the kernel never starts the program on a CPU while another such program is running there: those of
// kprobes, tracepoints and perf events keep each other out. The rest can be interrupted by any program, and can interrupt any: by what
// happens in interrupts and, with preemption on, by what other threads do.
func exclusive(p *check.Program) bool {
	return !slices.ContainsFunc(p.Probes, func(probe attach.Probe) bool {
		switch probe.Provider {
		case "kprobe", "kretprobe", "tracepoint", "profile", "interval", "software", "hardware", "watchpoint":
			return false
		}
		return true
	})
}

// findShared finds the maps to which several programs add that may interrupt each other. A CPU's own value is then not safe from
// others: an addition has to be one instruction.
func (m *module) findShared() {
	users, open := map[string]int{}, map[string]bool{}
	for _, p := range m.info.Programs {
		if len(p.Probes) > 0 && p.Probes[0].Kind == attach.KindTestRun {
			continue // gtrace runs it
		}
		for name := range m.mapsIn(p) {
			users[name]++
			open[name] = open[name] || !exclusive(p)
		}
	}
	for name, n := range users {
		if info := m.maps[name]; info != nil {
			info.shared = n > 1 && open[name]
		}
	}
}

// mapsIn returns the maps that a program, or a function that it calls, names.
func (m *module) mapsIn(p *check.Program) map[string]bool {
	found, seen := map[string]bool{}, map[*check.Func]bool{}
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.MapExpr:
			found["@"+n.Name] = true
		case *ast.CallExpr:
			if f := m.info.Funcs[n]; f != nil && !seen[f] {
				seen[f] = true
				ast.Walk(f.Body, visit)
			}
		default: // no other node matters here
		}
		return true
	}
	ast.Walk(p.Body, visit) // a predicate adds nothing
	return found
}
