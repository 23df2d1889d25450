package probe

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// fakeProcess has threads of which some start another one when somebody attaches to them; those inherit what is attached.
type fakeProcess struct {
	events map[int]int // of each thread
	starts map[int]bool
	next   int
	ended  map[int]bool
	open   int
}

func (f *fakeProcess) threads() (map[int]bool, error) {
	out := map[int]bool{}
	for tid := range f.events {
		out[tid] = true
	}
	return out, nil
}

// attach attaches to a thread. If it is to start another one, that happens just before or just after.
func (f *fakeProcess) attach(tid int) (io.Closer, error) {
	if f.ended[tid] {
		return nil, unix.ESRCH
	}
	before, starts := f.starts[tid]
	delete(f.starts, tid)
	if starts && before {
		f.start(tid)
	}
	f.events[tid]++
	f.open++
	mine := []int{tid}
	if starts && !before {
		mine = append(mine, f.start(tid))
	}
	return closerFunc(func() error {
		f.open--
		for _, t := range mine {
			f.events[t]--
		}
		return nil
	}), nil
}

func (f *fakeProcess) start(by int) int {
	f.next++
	f.events[f.next] = f.events[by]
	return f.next
}

func attachToFake(f *fakeProcess, give time.Duration) (io.Closer, error) {
	return process{threads: f.threads, attach: f.attach, give: give}.attachToAll()
}

// Each thread has one event, whether those that start meanwhile inherit one or not.
func TestThreadsHaveOneEvent(t *testing.T) {
	for _, before := range []bool{true, false} {
		f := &fakeProcess{events: map[int]int{1: 0, 2: 0, 3: 0}, starts: map[int]bool{1: before, 3: before}, next: 3}
		c, err := attachToFake(f, time.Hour)
		require.NoError(t, err)
		require.Equal(t, map[int]int{1: 1, 2: 1, 3: 1, 4: 1, 5: 1}, f.events)
		require.NoError(t, c.Close())
		require.Zero(t, f.open)
	}
}

func TestThreadsThatEnd(t *testing.T) {
	f := &fakeProcess{events: map[int]int{1: 0, 2: 0}, ended: map[int]bool{2: true}}
	c, err := attachToFake(f, time.Hour)
	require.NoError(t, err)
	require.Equal(t, map[int]int{1: 1, 2: 0}, f.events)
	require.NoError(t, c.Close())
	f.ended[1] = true
	_, err = attachToFake(f, time.Hour)
	require.ErrorIs(t, err, unix.ESRCH)
}

// A process that starts threads all the time is given up, and nothing of it stays.
func TestRestlessProcess(t *testing.T) {
	f := &fakeProcess{events: map[int]int{1: 0}, starts: map[int]bool{}, next: 1}
	endless := process{threads: f.threads, give: time.Nanosecond, attach: func(tid int) (io.Closer, error) {
		f.starts = map[int]bool{tid: true}
		return f.attach(tid)
	}}
	_, err := endless.attachToAll()
	require.ErrorIs(t, err, errRestless)
	require.Zero(t, f.open)
}

// What fails at one thread is undone at the others.
func TestAttachToThreadsFails(t *testing.T) {
	f := &fakeProcess{events: map[int]int{1: 0, 2: 0, 3: 0}}
	failed := errors.New("refused")
	_, err := process{threads: f.threads, give: time.Hour, attach: func(tid int) (io.Closer, error) {
		if tid == 2 {
			return nil, failed
		}
		return f.attach(tid)
	}}.attachToAll()
	require.ErrorIs(t, err, failed)
	require.Zero(t, f.open)
	require.Equal(t, map[int]int{1: 0, 2: 0, 3: 0}, f.events)
}
