package vm_test

import (
	"slices"
	"strings"

	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

// sessionCases are interactive sessions whose inputs come from a pipe.
func sessionCases() []vm.Case {
	return []vm.Case{
		talked("session", vm.Exact("6\n@m[a, 1]: 2\ntrue\ntrue\ntrue\n\n\n@m[a, 1]: 2\n@x: 5"),
			"@x = 5", "@x + 1", `@m["a", 1] = 2`, "@m",
			"kprobe:vfs_read { @reads[comm]++; }", "kprobe:vfs_write { @writes++; @all++; }", "kretprobe:vfs_read { @all++; }",
			`cat("/proc/nosuch/%d", 1)`, ":load", ":pause 1", ":resume 1", ":sleep 200ms", "@all > 0", "@writes > 0", `@reads["gtrace"] > 0`,
			":stop all", ":drop @reads @writes @all", ":probes", ":maps"),
		talked("session of many statements", vm.Exact("@n: 200\n\n\n@n: 200"), append(slices.Repeat([]string{"@n += 1"}, 200), "@n")...),
	}
}

// talked is a session with these inputs.
func talked(name string, stdout vm.Want, inputs ...string) vm.Case {
	script := "cat <<'END' | gtrace\n" + strings.Join(inputs, "\n") + "\nEND\n"
	return vm.Case{Case: wire.Case{Name: name, Run: []string{"sh", "-c", script}}, Stdout: stdout}
}
