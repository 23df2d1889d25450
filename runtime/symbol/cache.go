package symbol

import (
	"container/list"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/runtime/debuginfo"
)

const (
	// maxIdle bounds the symbols, in bytes, of files that were not asked for in the last idle time: they are read again if they are.
	maxIdle = 32 << 20
	// maxSymbols bounds those of all files, but for the one that was read last.
	maxSymbols = 512 << 20
	idle       = time.Minute
)

// Cache keeps binaries that were read, by the identity of their files: those that were used last. The zero Cache is ready and safe for concurrent
// use.
type Cache struct {
	// Debug, if it is not nil, finds the symbols that were stripped from a program and are kept in a file of their own. It is set before use.
	Debug *debuginfo.Cache

	mu    sync.Mutex
	files map[identity]*cached
	// order has the files that were read, the least recently used first; bytes is what they take.
	order list.List
	bytes int
}

// identity is what makes a file the same one under any of its paths, until it is written to.
type identity struct {
	dev, ino uint64
	mtime    time.Time
}

type cached struct {
	id     identity
	once   sync.Once
	binary *Binary
	err    error
	// ready is set once the others are.
	ready atomic.Bool

	// The others are the cache's: its place in the order, its memory, and when it was last asked for.
	place *list.Element
	bytes int
	used  time.Time
}

// Open returns the binary at a path, read once while it is in use.
func (c *Cache) Open(path string) (*Binary, error) {
	e, err := c.open(path)
	if err != nil {
		return nil, err
	}
	return e.binary, nil
}

func (c *Cache) open(path string) (*cached, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read symbols: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("read %s: %w", path, ErrNotELF)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		b, err := c.load(path)
		return &cached{binary: b}, err
	}
	e := c.entry(identity{dev: uint64(stat.Dev), ino: stat.Ino, mtime: info.ModTime()})
	e.once.Do(func() {
		e.binary, e.err = c.load(path)
		e.ready.Store(true)
	})
	if isGone(e.err) { // by this path; others may lead to it
		c.drop(e)
		return nil, e.err
	}
	c.use(e)
	return e, e.err
}

// drop forgets a file that could not be read.
func (c *Cache) drop(e *cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files[e.id] == e {
		delete(c.files, e.id)
	}
}

// load reads a binary with the symbols that are kept elsewhere.
func (c *Cache) load(path string) (*Binary, error) {
	b, err := OpenBinary(path)
	if err != nil || !b.stripped || c.Debug == nil {
		return b, err
	}
	f, err := c.Debug.File(path)
	if err != nil {
		return b, nil // there is none, as for most
	}
	defer f.Close()
	if err := b.addSymbols(f); err != nil {
		return nil, fmt.Errorf("read symbols of %s in its debug file: %w", path, err)
	}
	return b, nil
}

func (c *Cache) entry(id identity) *cached {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == nil {
		c.files = map[identity]*cached{}
	}
	if c.files[id] == nil {
		c.files[id] = &cached{id: id}
	}
	return c.files[id]
}

// use takes note that a file was asked for, and forgets others that were not.
func (c *Cache) use(e *cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.touch(e)
}

// touch is use with c.mu held.
func (c *Cache) touch(e *cached) {
	now := time.Now()
	e.used = now
	if e.place != nil {
		c.order.MoveToBack(e.place)
		return
	}
	if c.files[e.id] != e {
		return // it was forgotten while it was read
	}
	e.bytes = e.size()
	c.bytes += e.bytes
	e.place = c.order.PushBack(e)
	c.forget(now)
}

// forget makes room for the file that was read last.
func (c *Cache) forget(now time.Time) {
	for c.bytes > maxIdle && c.order.Len() > 1 {
		old := c.order.Front().Value.(*cached)
		if c.bytes <= maxSymbols && now.Sub(old.used) < idle {
			return
		}
		c.order.Remove(old.place)
		c.bytes -= old.bytes
		delete(c.files, old.id)
	}
}

// size returns about how much memory the file takes.
func (e *cached) size() int {
	const entry = 512 // with the places that name it
	if e.binary == nil {
		return entry
	}
	return entry + e.binary.size()
}

// read returns a binary that was read and is in use.
func (c *Cache) read(id identity) (*Binary, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.files[id]
	if e == nil || !e.ready.Load() || e.binary == nil {
		return nil, false
	}
	c.touch(e)
	return e.binary, true
}

// known returns a binary that was read from a file or at a path: its file may be gone.
func (c *Cache) known(id fileID, path string) (*cached, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, e := range c.files {
		if key.ino != id.inode || !e.ready.Load() || e.binary == nil {
			continue
		}
		if e.binary.Path == path || unix.Mkdev(id.major, id.minor) == key.dev {
			c.touch(e)
			return e, true
		}
	}
	return nil, false
}
