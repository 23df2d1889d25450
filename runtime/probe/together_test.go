package probe_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/probe"
)

// TestHeldEventsBegin attaches to more events than one group has: the others must begin as well, and none before they are let.
func TestHeldEventsBegin(t *testing.T) {
	privileged(t)
	s := probe.New(host.New())
	ms := mustResolve(t, s, check.ResolveOptions{}, "interval", "ms", "5")
	s.Hold()
	var counters []counter
	for _, n := range []int{1, 254, 1, 1, 1} { // the first and last of a group, and the first and second of the next
		c := newCounter(t)
		ps := slices.Repeat(probesOf(ms), n)
		done := s.AttachMany(context.Background(), c.program(t, s, ps, true), ps)
		require.Empty(t, done.Failures)
		t.Cleanup(func() { require.NoError(t, done.Closer.Close()) })
		counters = append(counters, c)
	}
	time.Sleep(20 * time.Millisecond)
	for i, c := range counters {
		require.Zero(t, c.value(t), "program %d", i)
	}
	require.NoError(t, s.Start())
	for i, c := range counters {
		require.Eventually(t, func() bool { return c.value(t) > 1 }, 30*time.Second, time.Millisecond, "program %d", i)
	}
}

// TestEventsAfterHeldOnes attaches as ever once held events have begun.
func TestEventsAfterHeldOnes(t *testing.T) {
	privileged(t)
	s := probe.New(host.New())
	ms := mustResolve(t, s, check.ResolveOptions{}, "interval", "ms", "5")
	s.Hold()
	require.NoError(t, s.Start())
	c := newCounter(t)
	closer, err := s.Attach(context.Background(), c.program(t, s, probesOf(ms), true), ms[0].Probe)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, closer.Close()) })
	require.Eventually(t, func() bool { return c.value(t) > 1 }, 30*time.Second, time.Millisecond)
}
