package host_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// TestManyTracepointsEnd checks that the end of a trace of many tracepoints loses nothing and leaves no program, though the events
// are freed later, and that another trace can begin meanwhile.
func TestManyTracepointsEnd(t *testing.T) {
	testenv.Privileged(t)
	testenv.Kernel(t, "5.15", "links of perf events")
	w := testenv.NewWorker(t)
	for round := range 2 {
		s := start(t, "-e", `tracepoint:syscalls:sys_enter_get* /tid == $1/ { @many_end[probe] = count(); } end { printf("end\n"); }`,
			strconv.Itoa(w.TID()))
		n := 1234 + round
		w.Getppid(n)
		_, programs := inKernel(t, "at_many_end")
		require.Positive(t, programs)
		begin := time.Now()
		r := s.interrupt()
		t.Logf("ended after %v", time.Since(begin))
		require.Zero(t, r.code, r.stderr)
		require.Contains(t, r.stdout, "end\n")
		require.Contains(t, r.stdout, fmt.Sprintf("@many_end[tracepoint:syscalls:sys_enter_getppid]: %d\n", n))
		require.Eventually(t, func() bool {
			maps, programs := inKernel(t, "at_many_end")
			return maps+programs == 0
		}, patience, 100*time.Millisecond)
	}
}
