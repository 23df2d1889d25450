package testenv

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/target"
)

// Kernel skips the test on a kernel older than a version such as "5.15"; what names the thing that came with it. Such a skip
// is no gap in the tiers: the vm tier has newer kernels.
func Kernel(t testing.TB, since, what string) {
	t.Helper()
	want, err := parseVersion(since)
	if err != nil {
		t.Fatal(err)
	}
	if have := Running(t); have.Before(want) {
		leave(t, fmt.Sprintf("kernel %s is older than %s, which brought %s", have, want, what))
	}
}

// Running returns the version of the running kernel.
func Running(t testing.TB) target.Version {
	t.Helper()
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		t.Fatalf("read kernel version: %v", err)
	}
	v, err := parseVersion(unix.ByteSliceToString(uts.Release[:]))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func parseVersion(text string) (target.Version, error) {
	var v target.Version
	if _, err := fmt.Sscanf(text, "%d.%d", &v.Major, &v.Minor); err != nil {
		return v, fmt.Errorf("read kernel version %q: %w", text, err)
	}
	return v, nil
}

// errUnsupported is what an error about a missing kernel feature has to say for itself.
type errUnsupported interface {
	error
	// SinceVersion returns the first kernel that has the feature.
	SinceVersion() target.Version
}

// Supported skips the test if err says that the kernel lacks a feature, and is older than the feature. Any other error fails
// the test; so does a feature that a new enough kernel is said to lack. It does nothing if err is nil.
func Supported(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var missing errUnsupported
	if !errors.As(err, &missing) {
		t.Fatalf("want support, got %v", err)
	}
	if have := Running(t); !have.Before(missing.SinceVersion()) {
		t.Fatalf("kernel %s has this since %s, but: %v", have, missing.SinceVersion(), err)
	}
	leave(t, err.Error())
}

// HasKprobes reports whether the kernel was built with kprobes. A test of them says what gtrace does on a kernel without them; what
// they do is tested in the vm tier as well.
func HasKprobes() bool { return exists("/sys/bus/event_source/devices/kprobe") }

// Uprobes skips the test on a kernel that was built without uprobes. The vm tier has kernels with them.
func Uprobes(t testing.TB) {
	t.Helper()
	if !exists("/sys/bus/event_source/devices/uprobe") {
		leave(t, "this kernel has no uprobes")
	}
}

// BTF skips the test on a kernel that was built without type information. The vm tier has kernels with it.
func BTF(t testing.TB) {
	t.Helper()
	if !exists("/sys/kernel/btf/vmlinux") {
		leave(t, "this kernel has no type information")
	}
}

func exists(path string) bool {
	var st unix.Stat_t
	return unix.Stat(strings.TrimRight(path, "/"), &st) == nil
}
