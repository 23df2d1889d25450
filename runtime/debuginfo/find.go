package debuginfo

import (
	"bytes"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// ErrNone is wrapped by the error about a program that nobody has debug information for.
var ErrNone = errors.New("no DWARF debug info")

// globalDir is where distributions put debug information.
const globalDir = "/usr/lib/debug"

// dir is a folder in which debug information is looked for.
type dir struct {
	path string
	// unchecked takes a file that the program names also if its contents are not what the program says.
	unchecked bool
}

// parseDirs reads DIR[:DIR]. A plus before a folder, the default, demands that files have the checksum that the program says, a minus
// does not. Folders that are not absolute are below that of the program.
func parseDirs(text string) []dir {
	var out []dir
	for part := range strings.SplitSeq(text, ":") {
		d := dir{path: part}
		if rest, ok := strings.CutPrefix(part, "-"); ok {
			d = dir{path: rest, unchecked: true}
		} else {
			d.path = strings.TrimPrefix(part, "+")
		}
		out = append(out, d)
	}
	return out
}

// standardDirs are where debug information is besides: beside the program, in a folder there, and where distributions put it.
var standardDirs = []dir{{path: ""}, {path: ".debug"}, {path: globalDir}}

// open returns the file that has the debug information of a program: itself or another one.
func open(path string, dirs []dir) (*elf.File, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if hasInfo(f) {
		return f, nil
	}
	defer f.Close()
	for _, c := range candidates(f, path, dirs) {
		if c.crc != nil && !checksumIs(c.path, *c.crc) {
			continue
		}
		other, err := elf.Open(c.path)
		if err != nil {
			continue
		}
		if hasInfo(other) && (c.id == "" || buildID(other) == c.id) {
			return other, nil
		}
		other.Close()
	}
	return nil, fmt.Errorf("read %s: %w", path, ErrNone)
}

func hasInfo(f *elf.File) bool {
	return f.Section(".debug_info") != nil || f.Section(".zdebug_info") != nil
}

// candidate is a file that may have the debug information of a program.
type candidate struct {
	path string
	// crc is what its checksum has to be, nil if that does not matter; id its build id, or "".
	crc *uint32
	id  string
}

func candidates(f *elf.File, path string, dirs []dir) []candidate {
	var out []candidate
	all := append(dirs[:len(dirs):len(dirs)], standardDirs...)
	if id := buildID(f); len(id) > 2 {
		for _, d := range all {
			if filepath.IsAbs(d.path) {
				out = append(out, candidate{path: filepath.Join(d.path, ".build-id", id[:2], id[2:]+".debug"), id: id})
			}
		}
	}
	name, crc, ok := debugLink(f)
	if !ok {
		return out
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	home := filepath.Dir(path)
	for _, d := range all {
		c := candidate{path: filepath.Join(home, d.path, name), crc: &crc}
		if filepath.IsAbs(d.path) {
			c.path = filepath.Join(d.path, home, name)
		}
		if d.unchecked {
			c.crc = nil
		}
		if c.path != path {
			out = append(out, c)
		}
	}
	return out
}

// noteGNU and noteBuildID name the note that identifies a build.
const (
	noteGNU     = "GNU\x00"
	noteBuildID = 3
)

// buildID returns what identifies a build, in hexadecimal digits, or "".
func buildID(f *elf.File) string {
	s := f.Section(".note.gnu.build-id")
	if s == nil {
		return ""
	}
	b, err := s.Data()
	if err != nil || len(b) < 16 {
		return ""
	}
	name, size, kind := f.ByteOrder.Uint32(b), f.ByteOrder.Uint32(b[4:]), f.ByteOrder.Uint32(b[8:])
	if name != 4 || string(b[12:16]) != noteGNU || kind != noteBuildID || uint64(size) > uint64(len(b)-16) {
		return ""
	}
	return hex.EncodeToString(b[16 : 16+size])
}

// debugLink returns the name and the checksum of the file that has the debug information, if the program says so.
func debugLink(f *elf.File) (name string, crc uint32, ok bool) {
	s := f.Section(".gnu_debuglink")
	if s == nil {
		return "", 0, false
	}
	b, err := s.Data()
	if err != nil {
		return "", 0, false
	}
	n := bytes.IndexByte(b, 0)
	end := (n + 4) &^ 3
	if n <= 0 || end+4 > len(b) || strings.Contains(string(b[:n]), "/") {
		return "", 0, false
	}
	return string(b[:n]), f.ByteOrder.Uint32(b[end:]), true
}

func checksumIs(path string, crc uint32) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	sum := crc32.NewIEEE()
	_, err = io.Copy(sum, f)
	return err == nil && sum.Sum32() == crc
}
