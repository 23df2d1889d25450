package vm_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/testenv"
	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
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

// extremes has threads that interrupt others write better numbers for the same keys; those that were interrupted look whether these are there.
const extremes = `config = { max_map_keys = 600 }
uprobe:/bin/worker:gtrace_target {
	if (arg1 == 0) {
		$n = ++@runs;
		@current = $n;
		for ($i : 0..8) { @most[$n % 64, $i] = max(2 * $n); @least[$n % 64, $i] = min(-2 * $n); }
		if (@interrupted[$n % 64] == $n) {
			@looked = count();
			for ($i : 0..8) {
				if (@most[$n % 64, $i] <= 2 * $n || @least[$n % 64, $i] >= -2 * $n) { @wrong = count(); }
			}
		}
	} else {
		$k = @current;
		for ($i : 0..8) { @most[$k % 64, $i] = max(2 * $k + 1); @least[$k % 64, $i] = min(-2 * $k - 1); }
		@interrupted[$k % 64] = $k;
	}
}
END { clear(@most); clear(@least); clear(@interrupted); clear(@current); }`

func competeCases() []vm.Case {
	unmixed := func(c *vm.Case) {
		c.Also = func(r wire.Result) error {
			if strings.Contains(r.Stdout, "@mixed") {
				return errors.New("the memory of two runs was mixed")
			}
			return nil
		}
	}
	const calls = 4 * 2500 // of four threads, half of them with the number 0
	extreme := func(c *vm.Case) {
		c.Since = target.Version{Major: 6, Minor: 6} // without uprobe.multi links, a lock of the kernel keeps the threads of a CPU apart
		c.Also = func(r wire.Result) error {
			if strings.Contains(r.Stdout, "@wrong") || !strings.Contains(r.Stdout, "@looked") {
				return errors.New("a larger or smaller number was lost, or nobody was interrupted")
			}
			return nil
		}
	}
	return []vm.Case{with(traced("extremes of a program that is preempted", extremes, "compete 800", vm.Has{
		"@runs: 1600",
	}), extreme), with(traced("a program that is preempted", compete, "compete 2500", vm.Has{
		fmt.Sprintf("@calls: %d\n", calls),
		"@most: 2\n",
		fmt.Sprintf("@sum: %d\n", 2*calls),
		fmt.Sprintf("{ .count = %d, .average = 1, .total = %d }\n", calls, calls/2*1+calls/4*(2+3)),
		fmt.Sprintf("@turns: %d", 50*calls),
	}), unmixed)}
}

// TestPreemption runs programs on kernels that let other threads interrupt them: each has memory of its own, and nothing is lost.
func TestPreemption(t *testing.T) {
	testenv.Asked(t, testenv.VM)
	t.Parallel()
	programs := findPrograms(t)
	programs.Gtrace = testenv.Gtrace(t)
	for _, k := range findKernels(t) {
		t.Run(k.Suite, func(t *testing.T) {
			t.Parallel()
			bootAndCheck(t, k, programs, competeCases(), vm.BootOptions{CPUs: 1, Append: "preempt=full"})
		})
	}
}
