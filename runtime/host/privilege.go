package host

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrPrivilege is returned where the process may not load or attach programs.
var ErrPrivilege = errors.New("not permitted")

// CheckPrivileges returns an error of one line if the process may not trace: it needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN.
func (h *Host) CheckPrivileges() error {
	caps, err := h.capabilities()
	if err != nil {
		return err
	}
	if mode := h.Lockdown(); mode == "confidentiality" {
		return fmt.Errorf("%w: the kernel is locked down (%s), which forbids reading its memory", ErrPrivilege, mode)
	}
	has := func(c int) bool { return caps&(1<<c) != 0 }
	if has(unix.CAP_SYS_ADMIN) {
		return nil
	}
	var missing []string
	if !has(unix.CAP_BPF) {
		missing = append(missing, "CAP_BPF")
	}
	if !has(unix.CAP_PERFMON) {
		missing = append(missing, "CAP_PERFMON")
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: tracing needs %s; run as root or grant the capability", ErrPrivilege, strings.Join(missing, " and "))
	}
	return nil
}

func (h *Host) capabilities() (uint64, error) {
	data, err := os.ReadFile(h.path("proc/self/status"))
	if err != nil {
		return 0, fmt.Errorf("read capabilities: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "CapEff:"); ok {
			caps, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
			if err != nil {
				return 0, fmt.Errorf("read capabilities: %w", err)
			}
			return caps, nil
		}
	}
	return 0, errors.New("read capabilities: /proc/self/status has none")
}

// Lockdown returns the kernel's lockdown mode: none, integrity or confidentiality.
func (h *Host) Lockdown() string {
	data, err := os.ReadFile(h.path("sys/kernel/security/lockdown"))
	if err != nil {
		return "none"
	}
	_, rest, ok := strings.Cut(string(data), "[")
	mode, _, closed := strings.Cut(rest, "]")
	if !ok || !closed {
		return "none"
	}
	return mode
}
