package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// Compiling a script, asking the kernel what it can do and loading the programs need the kernel's types, which are read once.
func TestTypesAreReadOnce(t *testing.T) {
	testenv.Privileged(t)
	testenv.BTF(t)
	testenv.Kernel(t, "6.2", "bpf_task_from_pid")
	for name, script := range map[string]string{
		"types of the script":       `BEGIN { print(curtask->pid); }`,
		"functions for programs":    `BEGIN { print(kfunc_allowed("bpf_task_from_pid")); }`,
		"a function and an iter":    `iter:task { print(comm(ctx.task->pid)); }`,
		"functions in another kind": `iter:task { print(kfunc_allowed("bpf_task_from_pid")); }`,
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, "-c", testenv.Gtrace(t)+" --dry-run -e '"+script+"'", "-e",
				`tracepoint:syscalls:sys_enter_openat /pid == cpid && str(args.filename) == "/sys/kernel/btf/vmlinux"/ { @ = count(); }`)
			require.Contains(t, r.stdout, "@: 1\n", r.stderr)
		})
	}
}
