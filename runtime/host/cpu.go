package host

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/target"
)

// NumCPU returns the number of possible CPUs: the number of values that a per-CPU map has.
func (h *Host) NumCPU() int {
	cpus, err := h.possible()
	if err != nil {
		return runtime.NumCPU()
	}
	return cpus[len(cpus)-1] + 1
}

// OnlineCPUs returns the numbers of the CPUs that are on.
func (h *Host) OnlineCPUs() ([]int, error) { return h.online() }

func (h *Host) readCPUs(kind string) ([]int, error) {
	data, err := os.ReadFile(h.path("sys/devices/system/cpu", kind))
	if err != nil {
		return nil, fmt.Errorf("read %s CPUs: %w", kind, err)
	}
	cpus, err := parseCPUs(strings.TrimSpace(string(data)))
	if err != nil {
		return nil, fmt.Errorf("read %s CPUs: %w", kind, err)
	}
	return cpus, nil
}

// parseCPUs reads a list such as 0-3,7.
func parseCPUs(list string) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(first)
		if err != nil {
			return nil, err
		}
		to, err := strconv.Atoi(last)
		if err != nil {
			return nil, err
		}
		for cpu := from; cpu <= to; cpu++ {
			out = append(out, cpu)
		}
	}
	return out, nil
}

// Kernel returns the release line of the kernel.
func (h *Host) Kernel() target.Version { return h.kernel() }

func (h *Host) readKernel() target.Version {
	var release string
	if data, err := os.ReadFile(h.path("proc/sys/kernel/osrelease")); err == nil {
		release = string(data)
	} else {
		var u unix.Utsname
		if unix.Uname(&u) == nil {
			release = unix.ByteSliceToString(u.Release[:])
		}
	}
	return parseRelease(release)
}

// parseRelease reads the first two numbers of a release such as 6.12.9-amd64.
func parseRelease(release string) target.Version {
	var v target.Version
	fmt.Sscanf(release, "%d.%d", &v.Major, &v.Minor)
	return v
}

// MaxSampleRate returns how often a second the kernel samples at most (kernel.perf_event_max_sample_rate).
func (h *Host) MaxSampleRate() (perSecond uint64, ok bool) {
	data, err := os.ReadFile(h.path("proc/sys/kernel/perf_event_max_sample_rate"))
	if err != nil {
		return 0, false
	}
	perSecond, err = strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64)
	return perSecond, err == nil
}
