package vm

import (
	"fmt"
	"strings"

	"github.com/gtrace/gtrace/codegen/target"
)

// A Kernel is one to boot.
type Kernel struct {
	// Suite is the Debian release that it comes from.
	Suite string
	// Release is what `uname -r` says.
	Release string
	// Image is the file to boot, Modules the folder of its modules.
	Image, Modules string
}

// Version returns the release line, 6.1 for 6.1.0-50-cloud-amd64.
func (k Kernel) Version() target.Version {
	v, err := ParseVersion(k.Release)
	if err != nil {
		panic("BUG: vm: kernel without a version: " + k.Release)
	}
	return v
}

// ParseVersion reads the first two numbers of a kernel release.
func ParseVersion(release string) (target.Version, error) {
	var v target.Version
	if _, err := fmt.Sscanf(release, "%d.%d", &v.Major, &v.Minor); err != nil {
		return v, fmt.Errorf("read kernel release %q: %w", release, err)
	}
	return v, nil
}

// ParseKernels reads what scripts/kernels prints.
func ParseKernels(text string) ([]Kernel, error) {
	var kernels []Kernel
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 4 {
			return nil, fmt.Errorf("read kernel %q: want suite, release, image and modules", line)
		}
		if _, err := ParseVersion(f[1]); err != nil {
			return nil, err
		}
		kernels = append(kernels, Kernel{Suite: f[0], Release: f[1], Image: f[2], Modules: f[3]})
	}
	return kernels, nil
}
