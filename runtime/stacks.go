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
	// minRound is the time between two such questions, much longer than a program runs that has just taken a stack.
	minRound = time.Second
)

// stackKeeper is what a session knows of its stacks. It is used by one goroutine.
type stackKeeper struct {
	s *Session
	// swept is how many stacks had been stored when the maps were last emptied.
	swept uint64
	// limit is the number of kept stacks from which on those are forgotten that nobody uses.
	limit int
	// collected is when that was last done.
	collected time.Time
	// pending are the places in the groups' ring buffers that have to be read before it is done again.
	pending map[*Group]uint64
}

// watchStacks makes room for stacks until the session is closed.
func (s *Session) watchStacks() {
	k := &stackKeeper{s: s, limit: minKept}
	poll := time.NewTicker(stackPoll)
	defer poll.Stop()
	for {
		select {
		case <-s.quit:
			return
		case <-poll.C:
		}
		if err := k.tidy(); err != nil {
			s.mu.Lock()
			s.fail(err)
			s.mu.Unlock()
			return
		}
	}
}

// tidy empties the maps of stacks if they fill up, and forgets stacks of which nobody has the number any more.
func (k *stackKeeper) tidy() error {
	stored, err := k.s.storedStacks()
	if err != nil || stored-k.swept < uint64(k.s.stacks.Entries()/sweepShare) {
		return err
	}
	k.swept = stored
	if err := k.s.stacks.Sweep(); err != nil {
		return err
	}
	if k.s.stacks.Kept() < k.limit || time.Since(k.collected) < minRound {
		return nil
	}
	return k.collect()
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
	if err := k.s.stacks.Collect(k.s.stacksInUse); err != nil {
		return err
	}
	k.limit, k.collected = 2*k.s.stacks.Kept()+minKept, time.Now()
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
		if !types.Holds(m.Info.Value, isStack) && (m.Info.Key == nil || !types.Holds(m.Info.Key, isStack)) {
			continue
		}
		if _, err := m.Read(dec); err != nil {
			return err
		}
	}
	return nil
}

func isStack(t types.Type) bool {
	_, ok := t.(types.Stack)
	return ok
}

// storedStacks returns how many stacks programs have stored since the session began.
func (s *Session) storedStacks() (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.storedBefore
	for _, g := range s.groups {
		n, err := g.storedStacks()
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// storedStacks returns how many stacks the group's programs have stored. s.mu is held.
func (g *Group) storedStacks() (uint64, error) {
	if g.coll == nil || g.coll.Maps[object.StoredMap] == nil {
		return 0, nil
	}
	return event.Counter(g.coll.Maps[object.StoredMap], 0)
}

// ringRecord is the room that a record takes in a ring buffer: behind a header, in whole words.
func ringRecord(size int) uint64 { return uint64(types.Align(size, 8) + 8) }
