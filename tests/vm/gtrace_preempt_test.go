package vm_test

import (
	"testing"
	"time"

	"github.com/gtrace/gtrace/tests/testenv"
	"github.com/gtrace/gtrace/tests/vm"
)

// compete keeps programs of uprobes busy with memory that does not fit on their stack while other threads take the CPU from them.
const compete = `uprobe:/bin/worker:gtrace_target {
	$text = str(arg0);
	$other = str(arg0);
	@calls = count();
	@sum = sum(2);
	@most = max(arg1);
	@total = stats(arg1 + 1);
	@sizes = hist(arg1);
	for ($i : 0..50) { @turns++; }
	if ($text[0] != $other[900] || strlen($text) != 1000) { @mixed = count(); }
}`

func competeCases() []vm.Case {
	return []vm.Case{traced("a program that is preempted", compete, "compete 2500", vm.Exact(""))}
}

// TestPreemption runs programs on kernels that let other threads interrupt them: each has memory of its own, and nothing is lost.
func TestPreemption(t *testing.T) {
	testenv.Asked(t, testenv.VM)
	programs := findPrograms(t)
	programs.Gtrace = testenv.Gtrace(t)
	for _, k := range findKernels(t) {
		t.Run(k.Suite, func(t *testing.T) {
			bootAndCheck(t, k, programs, competeCases(), vm.BootOptions{Timeout: 3 * time.Minute, CPUs: 1, Append: "preempt=full"})
		})
	}
}
