package debuginfo

import (
	"container/list"
	"debug/elf"
	"fmt"
	"sync"
	"time"
)

const (
	// maxBytes bounds the debug information that is kept, but for that which was asked for last, and in the last idle time.
	maxBytes = 64 << 20
	idle     = time.Minute
	// missing is what a program counts that has none.
	missing = 1 << 10
)

// Cache keeps the debug information that was read, by path: that which was used last. The zero Cache is ready and safe for concurrent use.
type Cache struct {
	mu    sync.Mutex
	dirs  []dir
	files map[string]*cached
	// order has the programs that were read, the least recently used first; bytes is what they take.
	order list.List
	bytes int
}

type cached struct {
	path string
	once sync.Once
	info *Info
	err  error

	// The others are the cache's: its place in the order, and when it was last asked for.
	place *list.Element
	used  time.Time
}

// size returns about how much memory it takes.
func (e *cached) size() int {
	if e.info == nil {
		return missing
	}
	return missing + e.info.size
}

// Search adds folders to look in, as DIR[:DIR], before those of the distribution; a minus before one does without the checksum.
func (c *Cache) Search(dirs string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dirs = append(c.dirs, parseDirs(dirs)...)
}

// Open returns the debug information of the program at a path. The error wraps ErrNone if there is none.
func (c *Cache) Open(path string) (*Info, error) {
	c.mu.Lock()
	if c.files == nil {
		c.files = map[string]*cached{}
	}
	if c.files[path] == nil {
		c.files[path] = &cached{path: path}
	}
	entry, dirs := c.files[path], c.dirs
	c.mu.Unlock()
	entry.once.Do(func() { entry.info, entry.err = read(path, dirs) })
	c.use(entry, time.Now())
	return entry.info, entry.err
}

// use takes note that a program was asked for, and forgets others that were not.
func (c *Cache) use(e *cached, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.used = now
	switch {
	case e.place != nil:
		c.order.MoveToBack(e.place)
		return
	case c.files[e.path] != e:
		return // it was forgotten while it was read
	}
	e.place = c.order.PushBack(e)
	c.bytes += e.size()
	for c.bytes > maxBytes && c.order.Len() > 1 {
		old := c.order.Front().Value.(*cached)
		if now.Sub(old.used) < idle {
			return
		}
		c.order.Remove(old.place)
		c.bytes -= old.size()
		delete(c.files, old.path)
	}
}

// File returns the file that has the debug information of the program at a path, which may be the program; the caller closes it. The error
// wraps ErrNone if there is none.
func (c *Cache) File(path string) (*elf.File, error) {
	c.mu.Lock()
	dirs := c.dirs
	c.mu.Unlock()
	return open(path, dirs)
}

func read(path string, dirs []dir) (*Info, error) {
	f, err := open(path, dirs)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := newInfo(f)
	if err != nil {
		return nil, fmt.Errorf("read debug info of %s: %w", path, err)
	}
	return info, nil
}
