package main

import (
	"errors"
	"fmt"
	"io"
	goruntime "runtime"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/runtime/host"
)

// printInfo shows what this kernel offers, by trying it.
func printInfo(w io.Writer) error {
	h := host.New()
	fmt.Fprintf(w, "System\n  OS: %s\n  Arch: %s\n\n", kernelName(), goruntime.GOARCH)
	fmt.Fprintf(w, "Build\n  version: %s\n  go: %s\n  cilium/ebpf: %s\n\n", version, goruntime.Version(), moduleVersion("github.com/cilium/ebpf"))
	fmt.Fprintf(w, "Privileges\n  %s\n\n", orWord(h.CheckPrivileges(), "sufficient"))
	fmt.Fprintf(w, "Kernel features\n  %-44s %s\n", "BTF", yesNo(h.HasBTF()))
	for _, f := range target.All() {
		fmt.Fprintf(w, "  %-44s %s\n", f, feature(h.HaveFeature(f)))
	}
	fmt.Fprintf(w, "\nProbe types\n  %-44s %s\n  %-44s %s\n", "kprobe", yesNo(h.HasKprobes()), "uprobe", yesNo(h.HasUprobes()))
	fmt.Fprintf(w, "  %-44s %s\n", "rawtracepoint with typed arguments", yesNo(h.HasBTF()))
	_, err := fmt.Fprintf(w, "  %-44s %s\n", "tracepoint", orWord(haveTracefs(h), "yes"))
	return err
}

func haveTracefs(h *host.Host) error {
	_, err := h.Tracepoints()
	return err
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func orWord(err error, word string) string {
	if err != nil {
		return "no (" + err.Error() + ")"
	}
	return word
}

// feature tells a kernel that lacks something from a check that could not be made.
func feature(err error) string {
	switch {
	case err == nil:
		return "yes"
	case errors.Is(err, host.ErrNotSupported):
		return "no"
	}
	return fmt.Sprintf("unknown (%v)", err)
}

func kernelName() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%s %s %s", unix.ByteSliceToString(u.Sysname[:]), unix.ByteSliceToString(u.Release[:]), unix.ByteSliceToString(u.Version[:]))
}

func moduleVersion(path string) string {
	if b, ok := debug.ReadBuildInfo(); ok {
		for _, d := range b.Deps {
			if d.Path == path {
				return d.Version
			}
		}
	}
	return "unknown"
}
