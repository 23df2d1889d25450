package host_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/tests/testenv"
)

func TestInterval(t *testing.T) {
	testenv.Privileged(t)
	s := start(t, "-e", `interval:ms:20 { @n++; printf("%d\n", elapsed); if (@n == 25) { exit(); } }`)
	r := s.wait()
	require.Zero(t, r.code, r.stderr)
	times := strings.Fields(strings.TrimSuffix(strings.TrimSpace(r.stdout), "@n: 25"))
	require.Len(t, times, 25)
	took := time.Duration(mustAtoi(t, times[24]) - mustAtoi(t, times[0]))
	require.Greater(t, took, 440*time.Millisecond, "24 periods of 20 ms")
	require.Less(t, took, 2*time.Second, "a machine that is busy or virtual ticks late")
}

func TestDurations(t *testing.T) {
	for _, point := range []string{"interval:50ms", "interval:us:50000", "i:ms:50", "interval:hz:20", "interval:50000000"} {
		require.Equal(t, "once", ran(t, point+` { printf("once\n"); exit(); }`), point)
	}
}

// spin uses the thread's CPU for a time and returns how much it was.
func spin(d time.Duration) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begin := threadTime()
	for threadTime()-begin < d {
	}
	return threadTime() - begin
}

func threadTime() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts)
	return time.Duration(ts.Nano())
}

func TestProfile(t *testing.T) {
	w := testenv.NewWorker(t)
	s := start(t, "-e", fmt.Sprintf(`profile:hz:199 /tid == %d/ { @[cpu < %d] = count(); }`, w.TID(), runtime.NumCPU()))
	var used time.Duration
	w.Do(func() { used = spin(500 * time.Millisecond) })
	r := s.interrupt()
	require.Zero(t, r.code, r.stderr)
	var n int
	_, err := fmt.Sscanf(strings.TrimSpace(r.stdout), "@[true]: %d", &n)
	require.NoError(t, err, r.stdout)
	want := used.Seconds() * 199
	require.InDelta(t, want, n, want*0.6, "samples of %v", used) // a machine that is busy or virtual ticks late
}
