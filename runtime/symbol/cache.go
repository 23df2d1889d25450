package symbol

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// Cache keeps binaries that were read, by the identity of their files. The zero Cache is ready and safe for concurrent use.
type Cache struct {
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
		return OpenBinary(path)
	}
	entry := c.entry(identity{dev: uint64(stat.Dev), ino: stat.Ino, mtime: info.ModTime()})
	entry.once.Do(func() { entry.binary, entry.err = OpenBinary(path) })
	return entry.binary, entry.err
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
