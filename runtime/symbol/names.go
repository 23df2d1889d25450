package symbol

import (
	"strings"
	"sync"
)

// mappedFile is a file as mappings name it.
type mappedFile struct {
	id   fileID
	path string
}

// fileNames has one copy of each name of a file, for all mappings. The zero fileNames is ready, and safe for concurrent use.
type fileNames struct {
	mu    sync.Mutex
	known bounded[mappedFile, *mappedFile]
}

// one returns the copy of a name, which may be a part of a longer text.
func (n *fileNames) one(f mappedFile) *mappedFile {
	n.mu.Lock()
	defer n.mu.Unlock()
	if known, ok := n.known.get(f); ok {
		return known
	}
	f.path = strings.Clone(f.path)
	n.known.put(f, &f)
	return &f
}

// maxBounded is how many keys a bounded holds.
const maxBounded = 1 << 13

// bounded holds what can be found again, about the keys that were used last: when it is full, half of the keys go that were not asked for
// since then. The zero bounded is ready. It is not safe for concurrent use.
type bounded[K comparable, V any] struct{ recent, older map[K]V }

// get returns what was put for a key, unless that is forgotten.
func (b *bounded[K, V]) get(key K) (V, bool) {
	v, ok := b.recent[key]
	if ok {
		return v, true
	}
	if v, ok = b.older[key]; ok {
		b.put(key, v)
	}
	return v, ok
}

func (b *bounded[K, V]) put(key K, v V) {
	if b.recent == nil || len(b.recent) >= maxBounded/2 {
		b.recent, b.older = map[K]V{}, b.recent
	}
	b.recent[key] = v
}
