package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// ErrNoTracefs is returned where the tracing file system is missing and cannot be mounted.
var ErrNoTracefs = errors.New("tracefs is not mounted at /sys/kernel/tracing")

// findTracefs returns the folder of the tracing file system, mounting it if nobody has.
func (h *Host) findTracefs() (string, error) {
	dirs := []string{h.path("sys/kernel/tracing"), h.path("sys/kernel/debug/tracing")}
	for _, dir := range dirs {
		if _, err := os.Stat(dir + "/events"); err == nil {
			return dir, nil
		} else if errors.Is(err, fs.ErrPermission) {
			return "", fmt.Errorf("open %s: %w", dir, err)
		}
	}
	if h.recorded() {
		return "", ErrNoTracefs
	}
	if err := unix.Mount("tracefs", dirs[0], "tracefs", 0, ""); err != nil {
		return "", fmt.Errorf("%w: mount it: %w", ErrNoTracefs, err)
	}
	return dirs[0], nil
}

// Event is a tracepoint.
type Event struct{ Category, Name string }

// String returns category:name.
func (e Event) String() string { return e.Category + ":" + e.Name }

// Tracepoints returns all tracepoints, sorted by category and name.
func (h *Host) Tracepoints() ([]Event, error) { return h.events() }

func (h *Host) readEvents() ([]Event, error) {
	dir, err := h.tracefs()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(dir + "/available_events")
	if err != nil {
		return nil, fmt.Errorf("list tracepoints: %w", err)
	}
	var out []Event
	for line := range strings.Lines(string(data)) {
		if category, name, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			out = append(out, Event{category, name})
		}
	}
	slices.SortFunc(out, func(a, b Event) int {
		return strings.Compare(a.String(), b.String())
	})
	return slices.Compact(out), nil
}

// HasTracepoint reports whether there is a tracepoint of that name. It reads no list.
func (h *Host) HasTracepoint(category, name string) (bool, error) {
	dir, err := h.tracefs()
	if err != nil {
		return false, err
	}
	if !plainName(category) || !plainName(name) {
		return false, nil
	}
	switch _, err := os.Stat(dir + "/events/" + category + "/" + name + "/id"); {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR):
		return false, nil
	default:
		return false, fmt.Errorf("find tracepoint %s:%s: %w", category, name, err)
	}
}

// plainName reports whether a name can only be the name of one entry of a folder.
func plainName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\x00")
}

// TracepointID returns the number by which perf_event_open knows a tracepoint.
func (h *Host) TracepointID(category, name string) (uint64, error) {
	dir, err := h.tracefs()
	if err != nil {
		return 0, err
	}
	data, err := os.ReadFile(dir + "/events/" + category + "/" + name + "/id")
	if err != nil {
		return 0, fmt.Errorf("find tracepoint %s:%s: %w", category, name, err)
	}
	id, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("find tracepoint %s:%s: %w", category, name, err)
	}
	return id, nil
}

// formatCache holds the formats that were read.
type formatCache struct {
	mu    sync.Mutex
	known map[Event]*Format
}

// TracepointFormat returns the layout of a tracepoint's record.
func (h *Host) TracepointFormat(category, name string) (*Format, error) {
	event := Event{category, name}
	h.formats.mu.Lock()
	defer h.formats.mu.Unlock()
	if f, ok := h.formats.known[event]; ok {
		return f, nil
	}
	dir, err := h.tracefs()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(dir + "/events/" + category + "/" + name + "/format")
	if err != nil {
		return nil, fmt.Errorf("read format of tracepoint %s: %w", event, err)
	}
	f, err := ParseFormat(string(data))
	if err != nil {
		return nil, fmt.Errorf("read format of tracepoint %s: %w", event, err)
	}
	if h.formats.known == nil {
		h.formats.known = map[Event]*Format{}
	}
	h.formats.known[event] = f
	return f, nil
}
