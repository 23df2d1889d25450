package vm_test

import (
	"fmt"
	"strings"

	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

// unwindCases walk the stacks of a program without frame pointers.
func unwindCases() []vm.Case {
	const walk = `walk_5 walk_4 walk_3 walk_2 walk_1`
	return []vm.Case{
		walked("unwind from uprobe", `uprobe:/bin/nofp:walk_6 { @[dw_ustack] = count(); }`, "call 5", stack(5, "walk_6 "+walk)),
		walked("unwind from kprobe", `kprobe:__x64_sys_getpgid /pid == cpid/ { @[dw_ustack] = count(); }`, "call 5",
			stack(5, "syscall walk_6 "+walk)),
		walked("unwind from tracepoint", `tracepoint:syscalls:sys_enter_getpgid /pid == cpid/ { @[dw_ustack(4), len(dw_ustack)] = count(); }`, "call 5",
			vm.Match(`@\[\s*syscall\+\d+\s+walk_6\+\d+\s+walk_5\+\d+\s+walk_4\+\d+\s+, 1[01]\]: 5`)),
		walked("unwind from fentry", `fentry:__x64_sys_getpgid /pid == cpid/ { @[dw_ustack] = count(); }`, "call 5",
			stack(5, "syscall walk_6 "+walk)),
		walked("unwind through a signal", `uprobe:/bin/nofp:walk_6 { @[dw_ustack] = count(); }`, "signal 3",
			vm.Match(`@\[\s*walk_6\S+\s+walk_5\S+\s.*walk_1\S+\s+handler\S+\s.*raise\S+\s.*signalled\S+\s+main\S+\s.*_start\S+\s+\]: 3`)),
		sampled(walked("unwind samples", `profile:hz:200 /pid == cpid/ { @[dw_ustack(3)] = count(); @n++; } END { if (@n > 5) { printf("enough\n"); } clear(@n); }`, "spin 3",
			vm.Match(`enough\s.*@\[\s*walk_6\S+\s+walk_5\S+\s+walk_4\S+\s+\]: \d.*`))),
	}
}

// sampled is a case whose samples may hit code without call frame information: where programs begin and end there is some.
func sampled(c vm.Case) vm.Case {
	c.Stderr = vm.Match(`Attached \d+ probes?(\s+WARNING: Incomplete user stacks: \d+ end in code without call frame information)?`)
	return c
}

// walked is a case that traces the program without frame pointers.
func walked(name, program, work string, stdout vm.Want) vm.Case {
	return vm.Case{
		Case: wire.Case{
			Name: name, Run: []string{"gtrace", "-c", "/bin/nofp " + work, "-e", "config = { unstable_dw_ustack = enable } " + program},
			Again: missed,
		},
		Stdout: stdout,
		Stderr: vm.Match(`Attached \d+ probes?`),
	}
}

// stack expects one stack that was seen n times: its functions up to main, innermost first, and those that have called main.
func stack(n int, functions string) vm.Want {
	frames := ""
	for name := range strings.FieldsSeq(functions + " main") {
		frames += name + `\+\d+\s+`
	}
	return vm.Match(fmt.Sprintf(`@\[\s+%s(\S+\+\d+\s+){1,2}_start\+\d+\s+\]: %d`, frames, n))
}
