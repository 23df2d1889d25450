package host

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// initPIDNamespace is the inode of the initial pid namespace (PROC_PID_INIT_INO).
const initPIDNamespace = 0xEFFFFFFC

// PIDNamespace is a pid namespace as the kernel identifies it.
type PIDNamespace struct{ Dev, Ino uint64 }

// InitialPIDNamespace is the one in which every process has an id.
var InitialPIDNamespace = PIDNamespace{Ino: initPIDNamespace}

// Initial reports whether this is the namespace in which every process has an id.
func (n PIDNamespace) Initial() bool { return n.Ino == initPIDNamespace }

// PIDNamespace returns the namespace that this process runs in.
func (h *Host) PIDNamespace() (PIDNamespace, error) {
	var st unix.Stat_t
	if err := unix.Stat(h.path("proc/self/ns/pid"), &st); err != nil {
		return PIDNamespace{}, fmt.Errorf("look up the pid namespace: %w", err)
	}
	dev := uint64(unix.Major(st.Dev))<<20 | uint64(unix.Minor(st.Dev)) // the kernel's own encoding
	return PIDNamespace{Dev: dev, Ino: st.Ino}, nil
}
