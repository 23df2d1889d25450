package vm_test

import (
	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

// selftestCases prove the tier itself: the guest works, its kernel has kprobes and BPF, and counts are exact.
func selftestCases() []vm.Case {
	return []vm.Case{
		{
			Case:   wire.Case{Name: "selftest kprobe", Run: []string{"selftest"}},
			Stdout: vm.Match(`kernel [5-9]\.\d+\S*: 1000 of 1000 calls counted`),
			Stderr: vm.Exact(""),
		},
		{
			Case:   wire.Case{Name: "selftest shell", Run: []string{"sh", "-c", "ls /sys/kernel/btf/vmlinux /sys/kernel/tracing/kprobe_events; exit 3"}},
			Stdout: vm.Lines{"/sys/kernel/btf/vmlinux", "/sys/kernel/tracing/kprobe_events"},
			Exit:   3,
		},
		{
			Case: wire.Case{
				Name: "selftest again", Again: "lost",
				Run: []string{"sh", "-c", "echo >>/tmp/again; grep -c . -v /tmp/again; test $(grep -c . -v /tmp/again) = 3 || echo lost >&2"},
			},
			Stdout: vm.Exact("3"),
			Stderr: vm.Exact(""),
		},
		{
			Case: wire.Case{
				Name:      "selftest work",
				Run:       []string{"sh", "-c", "trap 'echo over; exit 0' INT; echo Attached 1 probe >&2; while :; do sleep 0.05; done"},
				Work:      []string{"worker", "retransmit", "1"},
				Interrupt: true,
			},
			Stdout: vm.Exact("over"),
			Stderr: vm.Exact("Attached 1 probe"),
		},
	}
}
