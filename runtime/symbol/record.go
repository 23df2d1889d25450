package symbol

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// record is a record of the kernel about a process, as perf_event_open(2) describes them.
type record []byte

func (r record) kind() uint32  { return binary.NativeEndian.Uint32(r) }
func (r record) flags() uint16 { return binary.NativeEndian.Uint16(r[4:]) }

// word returns 4 bytes at an offset behind the header; 0 where the record is too short.
func (r record) word(off int) uint32 {
	if off += recordHeader; off+4 > len(r) {
		return 0
	}
	return binary.NativeEndian.Uint32(r[off:])
}

// long returns 8 bytes at an offset behind the header; 0 where the record is too short.
func (r record) long(off int) uint64 {
	if off += recordHeader; off+8 > len(r) {
		return 0
	}
	return binary.NativeEndian.Uint64(r[off:])
}

// time returns when it happened, which is the last that a record holds.
func (r record) time() uint64 { return r.long(len(r) - recordHeader - 8) }

// text returns the text from an offset behind the header to its NUL.
func (r record) text(off int) string {
	off += recordHeader
	if off > len(r) {
		return ""
	}
	b := r[off:]
	if n := bytes.IndexByte(b, 0); n >= 0 {
		b = b[:n]
	}
	return string(b)
}

// happening is what a record says.
type happening struct {
	time uint64
	kind happeningKind
	pid  int
	// parent is the process that a new one came of.
	parent  int
	mapping mapping
}

type happeningKind uint8

// The kinds of happenings.
const (
	processMaps  happeningKind = iota + 1 // a process mapped code
	processRuns                           // it runs another program
	processForks                          // it is new, a copy of its parent
	processEnds
)

// commExec is PERF_RECORD_MISC_COMM_EXEC: the name of a process changed because it runs another program.
const commExec = 1 << 13

// nobody is the number of a process that gtrace's pid namespace does not know, or of one that is just ending.
const nobody = ^uint32(0)

// parse returns what a record says; ok is false for records that say nothing about code.
func (r record) parse() (h happening, ok bool) {
	pid := r.word(0)
	h = happening{time: r.time(), pid: int(pid)}
	switch r.kind() {
	case unix.PERF_RECORD_MMAP2:
		h.kind = processMaps
		h.mapping = r.mapping()
		ok = r.word(56)&unix.PROT_EXEC != 0 && h.mapping.end > h.mapping.start
	case unix.PERF_RECORD_COMM:
		h.kind, ok = processRuns, r.flags()&commExec != 0
	case unix.PERF_RECORD_FORK:
		h.kind, h.parent = processForks, int(r.word(4))
		ok = h.pid != h.parent // else it is a thread
	case unix.PERF_RECORD_EXIT:
		h.kind, ok = processEnds, pid == r.word(8) // the first thread, which has the number of the process
	}
	return h, ok && pid != nobody && pid != 0
}

// mapping returns the mapping of a PERF_RECORD_MMAP2.
func (r record) mapping() mapping {
	start := r.long(8)
	return mapping{
		start: start, end: start + r.long(16), offset: r.long(24),
		mappedFile: &mappedFile{
			id: fileID{major: r.word(32), minor: r.word(36), inode: r.long(40)}, path: mappedPath(r.text(64)),
		},
	}
}

// lost returns how many records the kernel says it could not keep.
func (r record) lost() uint64 {
	if r.kind() != unix.PERF_RECORD_LOST {
		return 0
	}
	return r.long(8)
}
