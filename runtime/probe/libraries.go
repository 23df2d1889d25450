package probe

import (
	"os"
	"slices"
	"strings"
)

// Libraries returns the names of the shared libraries that begin with a prefix, which is at least "lib", sorted. Attach points may
// name them without their folder.
func Libraries(prefix string) []string {
	if !strings.HasPrefix(prefix, "lib") {
		return nil
	}
	var out []string
	for _, dir := range slices.Concat(configuredDirs("/etc/ld.so.conf"), libraryDirs) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // not every machine has all of them
		}
		for _, e := range entries {
			if name := e.Name(); strings.HasPrefix(name, prefix) && strings.Contains(name, ".so") && !e.IsDir() {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
