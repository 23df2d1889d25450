package runtime

import (
	"maps"
	"slices"
	"time"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/event"
)

const (
	// stackPoll is how often the session looks whether the maps of stacks fill up.
	stackPoll = 50 * time.Millisecond
	// sweepShare is the part of a map's stacks that are stored before it is emptied.
	sweepShare = 4
	// minKept is the number of stacks in memory below which nobody asks which of them are in use.
	minKept = 16384
	// minRound is the least time between two such questions, much longer than a program runs that has just taken a stack; roundShare makes it
	// longer where they take long.
	minRound   = time.Second
	roundShare = 20
)

// stackKeeper is what a session knows of its stacks. It is used by one goroutine.
type stackKeeper struct {
	s *Session
	// swept is how many stacks had been stored when the maps were last emptied.
	swept uint64
	// limit is the number of kept stacks from which on those are forgotten that nobody uses.
	limit int
	// next is when that may be done again.
	next time.Time
	// pending are the places in the groups' ring buffers that have to be read before it is done again.
	pending map[*Group]uint64
}

// watchStacks makes room for stacks until the session is closed.
func (s *Session) watchStacks() {
	k := &stackKeeper{s: s, limit: minKept}
	s.poll(stackPoll, func() bool {
		err := k.tidy()
		if err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.fail(err)
		}
		return err == nil
	})
}

// poll calls f again and again, with pauses, until it reports false or the session is closed.
func (s *Session) poll(pause time.Duration, f func() bool) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-s.quit:
			return
		case <-tick.C:
		}
		if !f() {
			return
		}
	}
}

// tidy empties the maps of stacks as long as they fill up, and forgets stacks of which nobody has the number any more.
func (k *stackKeeper) tidy() error {
	for {
		stored, err := k.s.stacks.Stored()
		room := uint64(k.s.stacks.Entries() / sweepShare)
		if err != nil || room == 0 || stored-k.swept < room {
			return err
		}
		k.swept = stored
		k.s.stacks.Keep(2 * k.s.stackRoom())
		if err := k.s.stacks.Sweep(); err != nil {
			return err
		}
		if k.s.stacks.Kept() < k.limit || time.Now().Before(k.next) {
			continue
		}
		if err := k.collect(); err != nil {
			return err
		}
	}
}

// stackRoom is how many entries with stacks the script maps can have.
func (s *Session) stackRoom() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, m := range s.maps {
		if holdsStacks(m.Info) {
			n += int(m.Handle.MaxEntries())
		}
	}
	return n
}

// collect forgets stacks that are not in use, unless there are events on their way yet that may have them.
func (k *stackKeeper) collect() error {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	for g, place := range k.pending {
		if g.reader != nil && g.consumed < place {
			return nil
		}
	}
	if k.s.closed {
		return nil
	}
	begin := time.Now()
	inUse, err := k.s.stacks.Collect(k.s.stacksInUse)
	if err != nil {
		return err
	}
	k.limit, k.next = 2*inUse+minKept, time.Now().Add(max(minRound, roundShare*time.Since(begin)))
	k.pending = map[*Group]uint64{}
	for _, g := range k.s.groups {
		if g.reader != nil {
			k.pending[g] = g.consumed + uint64(g.reader.AvailableBytes())
		}
	}
	return nil
}

// stacksInUse looks up all stacks that script maps have. s.mu is held.
func (s *Session) stacksInUse(stacks event.Stacks) error {
	dec := &event.Decoder{Stacks: stacks}
	for _, name := range slices.Sorted(maps.Keys(s.maps)) {
		m := s.maps[name]
		if !holdsStacks(m.Info) {
			continue
		}
		if _, err := m.Read(dec); err != nil {
			return err
		}
	}
	return nil
}

// holdsStacks reports whether a script map can hold numbers of stacks.
func holdsStacks(m object.Map) bool {
	return types.Holds(m.Value, isStack) || m.Key != nil && types.Holds(m.Key, isStack)
}

func isStack(t types.Type) bool {
	_, ok := t.(types.Stack)
	return ok
}

// ringRecord is the room that a record takes in a ring buffer: behind a header, in whole words.
func ringRecord(size int) uint64 { return uint64(types.Align(size, 8) + 8) }
