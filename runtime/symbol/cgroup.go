package symbol

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"syscall"
)

// hierarchy is a mounted tree of cgroups.
type hierarchy struct {
	// name is the last part of the mount point, or "unified".
	name, path string
	unified    bool
}

// Cgroup returns where the cgroups with an id are, in the hierarchies whose names match a filter with wildcards: "unified:/a,cpu:/b". It
// is empty if there are none. An empty filter means all.
func (r *Resolver) Cgroup(id uint64, filter string) string {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	names := wildcard(filter)
	var found []string
	for _, h := range hierarchies(string(mounts)) {
		if !names.MatchString(h.name) {
			continue
		}
		if path, ok := findInode(h.path, id); ok {
			found = append(found, h.name+":"+path)
		}
	}
	return strings.Join(found, ",")
}

// wildcard returns what matches a filter, in which * stands for any text.
func wildcard(filter string) *regexp.Regexp {
	if filter == "" {
		filter = "*"
	}
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(filter), `\*`, ".*") + "$")
}

// hierarchies returns the cgroup mounts of a mountinfo file: the unified one first, then the others by name.
func hierarchies(mountinfo string) []hierarchy {
	var out []hierarchy
	for line := range strings.Lines(mountinfo) {
		before, after, ok := strings.Cut(strings.TrimSpace(line), " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !ok || len(left) < 5 || len(right) < 1 {
			continue
		}
		switch right[0] {
		case "cgroup2":
			out = append(out, hierarchy{name: "unified", path: left[4], unified: true})
		case "cgroup":
			out = append(out, hierarchy{name: filepath.Base(left[4]), path: left[4]})
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].unified != out[j].unified {
			return out[i].unified
		}
		return out[i].name < out[j].name
	})
	return out
}

// findInode returns the path below root of the folder with an inode number.
func findInode(root string, id uint64) (string, bool) {
	found := ""
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil // what went away or may not be read is not what is looked for
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Ino == id {
			found = path
			return filepath.SkipAll
		}
		return nil
	})
	if found == "" {
		return "", false
	}
	return "/" + strings.TrimPrefix(strings.TrimPrefix(found, root), "/"), true
}
