package symbol

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// watch follows what processes map, so that addresses can be named of those that are gone.
type watch struct {
	mu    sync.Mutex
	rings []*ring
	// wake ends the goroutine that keeps the rings from running full, done says that it has ended.
	wake int
	done sync.WaitGroup

	// changed is told of changes, if it is not nil.
	changed func(Change)

	lost uint64
}

// Change is news of a process: it has mapped code or runs another program, or it is a new one that came of Parent, or it has ended.
type Change struct {
	PID, Parent int
	Ended       bool
}

// Follow is Watch for a caller that wants to know of changes as soon as they happen. It is called from another goroutine, and must not call
// the resolver.
func (r *Resolver) Follow(changed func(Change), pids ...int) error { return r.watchWith(changed, pids) }

// Watch makes the resolver follow what processes map from now on, so that it can name addresses of those that are gone by the time that
// it is asked. Those that run are looked at, too: the given ones before it returns, the others afterwards, the last that were started
// first. A second call does nothing else. Close ends it. Without it, processes have to be there when their addresses are named.
func (r *Resolver) Watch(pids ...int) error {
	return r.watchWith(nil, pids)
}

func (r *Resolver) watchWith(changed func(Change), pids []int) error {
	if err := r.startWatch(changed); err != nil {
		return err
	}
	for _, pid := range pids {
		r.process(pid).remember(!r.afresh)
	}
	return nil
}

func (r *Resolver) startWatch(changed func(Change)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.watch != nil || r.afresh {
		return nil
	}
	rings, err := openRings(changed != nil)
	if err != nil {
		return err
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		closeRings(rings)
		return err
	}
	w := &watch{rings: rings, wake: wake, changed: changed}
	r.watch = w
	w.done.Go(func() { r.follow(w) })
	return nil
}

// Close ends what Watch began.
func (r *Resolver) Close() error {
	r.mu.Lock()
	w := r.watch
	r.watch = nil
	r.mu.Unlock()
	if w == nil {
		return nil
	}
	_, err := unix.Write(w.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	w.done.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	closeRings(w.rings)
	w.rings = nil
	return errors.Join(err, unix.Close(w.wake))
}

// Lost returns how many records about processes the kernel could not keep: addresses may have no names for that.
func (r *Resolver) Lost() uint64 {
	r.update()
	r.mu.Lock()
	w := r.watch
	r.mu.Unlock()
	if w == nil {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost
}

// follow looks at the processes there are, then reads records whenever a ring fills up.
func (r *Resolver) follow(w *watch) {
	if w.changed == nil {
		r.lookAround()
	} else {
		w.done.Go(r.lookAround) // news does not wait for it
	}
	fds := []unix.PollFd{{Fd: int32(w.wake), Events: unix.POLLIN}}
	for _, ring := range w.rings {
		fds = append(fds, unix.PollFd{Fd: int32(ring.fd), Events: unix.POLLIN})
	}
	for {
		n, err := unix.Poll(fds, -1)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil, fds[0].Revents != 0:
			return
		case n > 0:
			w.update(r)
		}
		for i := range fds {
			if fds[i].Revents&(unix.POLLERR|unix.POLLHUP) != 0 {
				fds[i].Fd = -1 // its CPU went away
			}
		}
	}
}

// lookAround reads the mappings of all processes.
func (r *Resolver) lookAround() {
	dir, err := os.Open("/proc")
	if err != nil {
		return // processes are looked at when their addresses come, then
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	for _, pid := range slices.Backward(pids) {
		r.process(pid).remember(true)
	}
}

// update takes in what happened until now.
func (r *Resolver) update() {
	r.mu.Lock()
	w := r.watch
	r.mu.Unlock()
	if w != nil {
		w.update(r)
	}
}

// update reads the records of all CPUs in the order of time, since a process may have been on several.
func (w *watch) update(r *Resolver) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.ContainsFunc(w.rings, (*ring).pending) {
		return
	}
	heads := make([]uint64, len(w.rings))
	for i, ring := range w.rings {
		heads[i] = ring.head()
	}
	var all []happening
	for i, ring := range w.rings {
		ring.read(heads[i], func(rec record) {
			w.lost += rec.lost()
			if h, ok := rec.parse(); ok {
				all = append(all, h)
			}
		})
	}
	slices.SortStableFunc(all, func(a, b happening) int { return cmp.Compare(a.time, b.time) })
	for _, h := range all {
		w.apply(r, h)
	}
	w.tell(all)
}

// tell tells of what happened, once for what is the same.
func (w *watch) tell(all []happening) {
	if w.changed == nil {
		return
	}
	told := map[Change]bool{}
	for _, h := range all {
		c := Change{PID: h.pid, Parent: h.parent, Ended: h.kind == processEnds}
		if !told[c] || c.Ended || c.Parent != 0 {
			told[c] = true
			w.changed(c)
		}
	}
}

func (w *watch) apply(r *Resolver, h happening) {
	switch h.kind {
	case processMaps:
		h.mapping.mappedFile = r.files.one(*h.mapping.mappedFile)
		r.living(h.pid).add(h.mapping)
	case processRuns:
		r.living(h.pid).exec()
	case processForks:
		r.living(h.pid).inherit(h.parent, r.process(h.parent).known())
	case processEnds:
		r.ended(r.process(h.pid))
	default:
		panic("BUG: symbol: unexpected happening")
	}
}
