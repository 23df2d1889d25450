package runtime

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/runtime/unwind"
)

// unwindPoll is how often the session looks whether a process has mapped other code.
const unwindPoll = 200 * time.Millisecond

// unwinder keeps what programs need that walk the stacks of processes by call frame information.
type unwinder struct {
	warnings io.Writer

	mu    sync.Mutex // guards what follows
	pids  []int
	procs *unwind.Processes
	// ended are processes that are gone, the last ones: stacks of them may still be printed.
	ended []int
	maps  map[string]*ebpf.Map
	// chunks are the arrays in object.UnwindChunksMap, rules is the number of rules that are written, rows those of each chunk.
	chunks []*ebpf.Map
	rows   []int
	rules  int
	// live are the ranges that processes have in object.UnwindRangesMap; next is where the search for a free place begins.
	live map[int]region
	next int
}

// region is a part of the array of ranges.
type region struct{ first, n int }

// unwindMaps are the maps that all programs of a session share.
var unwindMaps = [...]string{object.UnwindProcsMap, object.UnwindRangesMap, object.UnwindChunksMap, object.UnwindRulesMap}

func newUnwinder(o Options) *unwinder {
	return &unwinder{pids: o.UnwindPIDs, warnings: o.Warnings, procs: unwind.NewProcesses(), live: map[int]region{}}
}

// adopt takes the maps of the first programs that walk stacks and fills them. Later programs use the same.
func (u *unwinder) adopt(coll *ebpf.Collection) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.maps != nil {
		return nil
	}
	u.maps = map[string]*ebpf.Map{}
	for _, name := range unwindMaps {
		m, err := clone(coll, name)
		if err != nil {
			return err
		}
		u.maps[name] = m
	}
	return u.refresh()
}

// started reports whether there are programs that walk stacks.
func (u *unwinder) started() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.maps != nil
}

// share adds the maps to those that an object's specs can use.
func (u *unwinder) share(out map[string]*ebpf.Map) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for name, m := range u.maps {
		out[name] = m
	}
}

// update looks what the processes have mapped, if there are programs that want to know.
func (u *unwinder) update() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.maps == nil {
		return
	}
	if err := u.refresh(); err != nil {
		u.warn(err)
	}
}

// watch updates until quit is closed.
func (u *unwinder) watch(quit <-chan struct{}) {
	poll := time.NewTicker(unwindPoll)
	defer poll.Stop()
	for {
		select {
		case <-quit:
			return
		case <-poll.C:
			u.update()
		}
	}
}

func (u *unwinder) warn(err error) {
	if u.warnings != nil {
		fmt.Fprintf(u.warnings, "WARNING: %v\n", err)
	}
}

// refresh writes what changed. u.mu is held.
func (u *unwinder) refresh() error {
	for _, pid := range u.pids {
		if err := u.refreshProcess(pid); err != nil {
			return err
		}
	}
	return nil
}

// refreshProcess writes what changed for a process.
func (u *unwinder) refreshProcess(pid int) error {
	changed, errs := u.procs.Refresh(pid)
	for _, err := range errs {
		if _, known := u.live[pid]; !known || changed { // a process that ended has nothing to read
			u.warn(err)
		}
	}
	if !changed {
		return nil
	}
	if err := errors.Join(u.writeRules(), u.writeChunks(), u.writeRanges(pid)); err != nil {
		return fmt.Errorf("store how to unwind process %d: %w", pid, err)
	}
	return nil
}

// maxEndedProcesses is how many processes that are gone are remembered.
const maxEndedProcesses = 256

// changed takes in what happened to a process. Those that processes start whose stacks are walked are walked, too.
func (u *unwinder) changed(c ProcessChange) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.maps == nil {
		return
	}
	known := slices.Contains(u.pids, c.PID)
	switch {
	case c.Ended && known:
		u.forget(c.PID)
		return
	case c.Ended:
		return
	case !known && c.Parent != 0 && slices.Contains(u.pids, c.Parent):
		u.pids = append(u.pids, c.PID)
	case !known:
		return
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", c.PID)); err != nil {
		return // it is gone already, and that it ended comes next
	}
	if err := u.refreshProcess(c.PID); err != nil {
		u.warn(err)
	}
}

// forget gives the place of a process that ended to others. What it had mapped stays known for a while.
func (u *unwinder) forget(pid int) {
	u.pids = slices.DeleteFunc(u.pids, func(p int) bool { return p == pid })
	delete(u.live, pid)
	if err := u.maps[object.UnwindProcsMap].Delete(uint32(pid)); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		u.warn(fmt.Errorf("forget how to unwind process %d: %w", pid, err))
	}
	u.ended = append(u.ended, pid)
	if len(u.ended) > maxEndedProcesses {
		u.procs.Forget(u.ended[0])
		u.ended = slices.Clone(u.ended[1:])
	}
}

// writeRules adds the rules that are new.
func (u *unwinder) writeRules() error {
	rules := u.procs.Rules()
	keys, values := make([]uint32, 0, len(rules)), make([]unwind.Rule, 0, len(rules))
	for ; u.rules < len(rules); u.rules++ {
		keys, values = append(keys, uint32(u.rules)), append(values, rules[u.rules])
	}
	return fill(u.maps[object.UnwindRulesMap], keys, values)
}

// writeChunks adds the rows that are new.
func (u *unwinder) writeChunks() error {
	for i, rows := range u.procs.Chunks() {
		if i == len(u.chunks) {
			m, err := newChunk()
			if err != nil {
				return err
			}
			u.chunks, u.rows = append(u.chunks, m), append(u.rows, 0)
			if err := u.maps[object.UnwindChunksMap].Put(uint32(i), m); err != nil {
				return err
			}
		}
		var keys []uint32
		for n := u.rows[i]; n < len(rows); n++ {
			keys = append(keys, uint32(n))
		}
		if err := fill(u.chunks[i], keys, rows[u.rows[i]:]); err != nil {
			return err
		}
		u.rows[i] = len(rows)
	}
	return nil
}

// newChunk makes an array for rows.
func newChunk() (*ebpf.Map, error) {
	spec := &ebpf.MapSpec{
		Name: "gt_unwind_rows", Type: ebpf.Array, KeySize: 4, ValueSize: object.UnwindRowSize, MaxEntries: object.UnwindChunkRows,
	}
	m, err := ebpf.NewMap(spec)
	if lacksMemory(err) && raiseMemoryLimit() {
		m, err = ebpf.NewMap(spec)
	}
	if err != nil {
		return nil, fmt.Errorf("make a map for unwinding: %w", err)
	}
	return m, nil
}

// writeRanges puts the ranges of a process into a free place and makes programs look there.
func (u *unwinder) writeRanges(pid int) error {
	ranges := u.procs.Ranges(pid)
	at, ok := u.place(len(ranges))
	if !ok {
		return fmt.Errorf("the processes have more than %d pieces of code mapped", object.UnwindMaxRanges)
	}
	keys := make([]uint32, len(ranges))
	for i := range keys {
		keys[i] = uint32(at + i)
	}
	if err := fill(u.maps[object.UnwindRangesMap], keys, ranges); err != nil {
		return err
	}
	if err := u.maps[object.UnwindProcsMap].Put(uint32(pid), uint64(len(ranges))<<32|uint64(at)); err != nil {
		return err
	}
	u.live[pid], u.next = region{at, len(ranges)}, at+len(ranges)
	return nil
}

// place finds room for n ranges behind those that were written last, so that programs that still read old ones find these unchanged.
func (u *unwinder) place(n int) (int, bool) {
	for _, from := range [...]int{u.next, 0} {
		at := from
		for _, r := range slices.SortedFunc(maps.Values(u.live), func(a, b region) int { return a.first - b.first }) {
			if at+n > r.first && r.first+r.n > at {
				at = r.first + r.n
			}
		}
		if at+n <= object.UnwindMaxRanges {
			return at, true
		}
	}
	return 0, false
}

// files returns where addresses of a process are in files, and the files' build ids.
func (u *unwinder) files(pid int, addrs []uint64) ([]uint64, []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	offsets, ids := slices.Clone(addrs), make([]string, len(addrs))
	for i, a := range addrs {
		if off, id, ok := u.procs.File(pid, a); ok {
			offsets[i], ids[i] = off, id
		}
	}
	return offsets, ids
}

// close frees the maps.
func (u *unwinder) close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	var errs []error
	for _, m := range u.maps {
		errs = append(errs, m.Close())
	}
	for _, m := range u.chunks {
		errs = append(errs, m.Close())
	}
	u.maps, u.chunks = nil, nil
	return errors.Join(errs...)
}

// fill writes entries of an array, as many at once as the kernel takes.
func fill[T any](m *ebpf.Map, keys []uint32, vals []T) error {
	if len(keys) == 0 {
		return nil
	}
	_, err := m.BatchUpdate(keys, vals, nil)
	if err != nil {
		return fmt.Errorf("fill %v: %w", m, err)
	}
	return nil
}
