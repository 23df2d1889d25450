package symbol

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/runtime/debuginfo"
)

// Cache keeps binaries that were read, by the identity of their files. The zero Cache is ready and safe for concurrent use.
type Cache struct {
	// Debug, if it is not nil, finds the symbols that were stripped from a program and are kept in a file of their own. It is set before use.
	Debug *debuginfo.Cache

	mu    sync.Mutex
	files map[identity]*cached
}

// identity is what makes a file the same one under any of its paths, until it is written to.
type identity struct {
	dev, ino uint64
	mtime    time.Time
}

type cached struct {
	once   sync.Once
	binary *Binary
	err    error
	// ready is set once the others are.
	ready atomic.Bool
}

// Open returns the binary at a path, read once.
func (c *Cache) Open(path string) (*Binary, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read symbols: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("read %s: %w", path, ErrNotELF)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return c.read(path)
	}
	entry := c.entry(identity{dev: uint64(stat.Dev), ino: stat.Ino, mtime: info.ModTime()})
	entry.once.Do(func() {
		entry.binary, entry.err = c.read(path)
		entry.ready.Store(true)
	})
	return entry.binary, entry.err
}

// read reads a binary with the symbols that are kept elsewhere.
func (c *Cache) read(path string) (*Binary, error) {
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
		c.files[id] = &cached{}
	}
	return c.files[id]
}

// known returns a binary that was read from a file or at a path: its file may be gone.
func (c *Cache) known(id fileID, path string) (*Binary, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, e := range c.files {
		if key.ino != id.inode || !e.ready.Load() || e.binary == nil {
			continue
		}
		if e.binary.Path == path || unix.Mkdev(id.major, id.minor) == key.dev {
			return e.binary, true
		}
	}
	return nil, false
}
