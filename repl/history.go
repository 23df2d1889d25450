package repl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// maxHistory is the number of lines that are kept.
	maxHistory = 1000
	// maxHistoryFile is the size from which the file is written anew with only those.
	maxHistoryFile = 1 << 20
)

// history is the lines that were typed, in this and earlier sessions, oldest first. The file is for its owner's eyes only: it
// tells what was investigated.
type history struct {
	path  string // "" for none
	lines []string
}

// HistoryFile returns where the history is kept: in the folder for state of the XDG base directories. It is empty if the user has no
// home.
func HistoryFile(getenv func(string) string) string {
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "gtrace", "history")
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "gtrace", "history")
	}
	return ""
}

// openHistory reads a history. With an error it can be used, and is not kept.
func openHistory(path string) (*history, error) {
	h := &history{path: path}
	if path == "" {
		return h, nil
	}
	err := h.read()
	if err != nil {
		h.path = ""
		return h, fmt.Errorf("the history is not kept: %w", err)
	}
	return h, nil
}

func (h *history) read() error {
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(h.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if fi, err := f.Stat(); err != nil || !fi.Mode().IsRegular() {
		return errors.Join(err, fmt.Errorf("%s is no regular file", h.path))
	} else if fi.Mode().Perm()&0o077 != 0 {
		if err := f.Chmod(0o600); err != nil {
			return err
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, 8*maxHistoryFile))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		h.push(strings.TrimRight(line, "\r\n"))
	}
	if len(text) > maxHistoryFile {
		return h.rewrite()
	}
	return nil
}

// rewrite replaces the file.
func (h *history) rewrite() error {
	f, err := os.CreateTemp(filepath.Dir(h.path), "history.*") // 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(h.lines, "\n") + "\n")
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), h.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// push adds a line in memory and reports whether it changed anything.
func (h *history) push(line string) bool {
	if strings.TrimSpace(line) == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return false
	}
	h.lines = append(h.lines, line)
	if n := len(h.lines) - maxHistory; n > 0 {
		h.lines = slices.Delete(h.lines, 0, n)
	}
	return true
}

// add adds a line in memory and in the file. A file that cannot be written any more is no reason to bother anyone.
func (h *history) add(line string) bool {
	if !h.push(line) {
		return false
	}
	if h.path == "" {
		return true
	}
	f, err := os.OpenFile(h.path, os.O_WRONLY|os.O_APPEND, 0)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = os.OpenFile(h.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	}
	if err == nil {
		_, _ = f.WriteString(line + "\n")
		_ = f.Close()
	}
	return true
}
