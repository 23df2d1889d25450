package testenv

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Tracefs returns where tracefs is mounted; it mounts it if need be, which takes root.
func Tracefs(t testing.TB) string {
	t.Helper()
	for _, dir := range []string{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"} {
		if exists(dir + "/events") {
			return dir
		}
	}
	Privileged(t)
	const dir = "/sys/kernel/tracing"
	if err := unix.Mount("tracefs", dir, "tracefs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		Skip(t, Host, "mount tracefs: "+err.Error())
	}
	return dir
}
