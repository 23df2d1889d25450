package unwind

import (
	"debug/elf"
	"encoding/hex"
	"io"
)

const (
	// maxNotes is how much of the notes of a file is read.
	maxNotes = 1 << 16
	// noteBuildID is NT_GNU_BUILD_ID.
	noteBuildID = 3
)

// buildID returns the build id of a file, or "".
func buildID(f *elf.File) string {
	for _, p := range f.Progs {
		if p.Type != elf.PT_NOTE || p.Filesz > maxNotes {
			continue
		}
		b, err := io.ReadAll(p.Open())
		if err != nil {
			continue
		}
		if id := findNote(&reader{b: b}, uint32(max(4, min(p.Align, 8)))); id != nil {
			return hex.EncodeToString(id)
		}
	}
	return ""
}

// findNote returns the contents of the note with the build id.
func findNote(r *reader, align uint32) []byte {
	for r.left() > 0 && !r.failed {
		name, size, kind := r.u32(), r.u32(), r.u32()
		who := r.padded(name, align)
		what := r.padded(size, align)
		if kind == noteBuildID && string(who) == "GNU\x00" {
			return what
		}
	}
	return nil
}

// padded reads n bytes and what fills them up to a multiple of align.
func (r *reader) padded(n, align uint32) []byte {
	out := r.take(int(n))
	rest := int((align - n%align) % align)
	r.take(min(rest, r.left()))
	return out
}
