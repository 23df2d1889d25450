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

// infoRow is a row of what a kernel offers: a name and a word.
const infoRow = "  %-45s %s\n"

// printInfo shows what this kernel offers, by trying it.
func printInfo(w io.Writer) error {
	h := host.New()
	name, machine := kernelName()
	fmt.Fprintf(w, "System\n  OS: %s\n  Arch: %s\n\n", name, machine)
	fmt.Fprintf(w, "Build\n  version: %s\n  go: %s\n  cilium/ebpf: %s\n\n", version, goruntime.Version(), moduleVersion("github.com/cilium/ebpf"))
	fmt.Fprintf(w, "Privileges\n  %s\n\n", orWord(h.CheckPrivileges(), "sufficient"))
	fmt.Fprintf(w, "Kernel features\n"+infoRow, "BTF", yesNo(h.HasBTF()))
	for _, f := range target.All() {
		fmt.Fprintf(w, infoRow, f, feature(h.HaveFeature(f)))
	}
	fmt.Fprint(w, "\nProbe types\n")
	for _, p := range []struct {
		name string
		have bool
	}{
		{"kprobe, kretprobe", h.HasKprobes()},
		{"uprobe, uretprobe, usdt", h.HasUprobes()},
		{"rawtracepoint with typed arguments", h.HasBTF()},
		{"hardware", h.HasCounters()},
	} {
		fmt.Fprintf(w, infoRow, p.name, yesNo(p.have))
	}
	_, err := fmt.Fprintf(w, infoRow, "tracepoint", orWord(haveTracefs(h), "yes"))
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

// kernelName is the kernel's name for itself, and for the machine (uname(2)).
func kernelName() (name, machine string) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown", "unknown"
	}
	text := unix.ByteSliceToString
	return text(u.Sysname[:]) + " " + text(u.Release[:]) + " " + text(u.Version[:]), text(u.Machine[:])
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
