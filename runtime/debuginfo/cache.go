package debuginfo

import (
	"debug/elf"
	"fmt"
	"sync"
)

// Cache keeps the debug information that was read, by path. The zero Cache is ready and safe for concurrent use.
type Cache struct {
	mu    sync.Mutex
	dirs  []dir
	files map[string]*cached
}

type cached struct {
	once sync.Once
	info *Info
	err  error
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
		c.files[path] = &cached{}
	}
	entry, dirs := c.files[path], c.dirs
	c.mu.Unlock()
	entry.once.Do(func() { entry.info, entry.err = read(path, dirs) })
	return entry.info, entry.err
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
