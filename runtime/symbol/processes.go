package symbol

import (
	"container/list"
	"errors"

	"golang.org/x/sys/unix"
)

const (
	// maxEnded bounds what is remembered of processes that are gone, in bytes: those of which something was asked or heard last, but for one.
	maxEnded = 16 << 20
	// minSweep is the least number of processes among which those are looked for that ended without news of it.
	minSweep = 1024
)

// processes are those that something is known of. It is not safe for concurrent use.
type processes struct {
	known map[int]*process
	// ended are those that are gone, the least recently used first; bytes is what they take.
	ended list.List
	bytes int
	// sweepAt is the number of the others from which on some of them may be gone.
	sweepAt int
}

func newProcesses() *processes { return &processes{known: map[int]*process{}, sweepAt: minSweep} }

// get returns a process, of which nothing may be known yet.
func (ps *processes) get(pid int, files *fileNames) *process {
	p, ok := ps.known[pid]
	if !ok {
		ps.sweep()
		p = &process{pid: pid, files: files}
		ps.known[pid] = p
	}
	if p.place != nil {
		ps.ended.MoveToBack(p.place)
	}
	return p
}

// revive takes note that a process lives: the number of one that ended is used again.
func (ps *processes) revive(p *process) {
	if p.place == nil {
		return
	}
	ps.ended.Remove(p.place)
	ps.bytes -= p.weight
	p.place, p.weight = nil, 0
}

// end takes note that a process is gone, or that more was found of one that is.
func (ps *processes) end(p *process) {
	ps.revive(p)
	p.weight = p.size()
	ps.bytes += p.weight
	p.place = ps.ended.PushBack(p)
	for ps.bytes > maxEnded && ps.ended.Len() > 1 {
		old := ps.ended.Front().Value.(*process)
		ps.revive(old)
		delete(ps.known, old.pid)
	}
}

// sweep finds processes that are gone without news of it: where processes are not followed, and where the kernel had no room for the news.
func (ps *processes) sweep() {
	if len(ps.known)-ps.ended.Len() < ps.sweepAt {
		return
	}
	for pid, p := range ps.known {
		if p.place == nil && errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
			ps.end(p)
		}
	}
	ps.sweepAt = max(minSweep, 2*(len(ps.known)-ps.ended.Len()))
}
