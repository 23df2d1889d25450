package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/tests/vm/wire"
)

var mounts = []struct{ kind, at string }{
	{"proc", "/proc"},
	{"sysfs", "/sys"},
	{"devtmpfs", "/dev"},
	{"tmpfs", "/tmp"},
	{"tmpfs", "/run"},
	{"tracefs", "/sys/kernel/tracing"},
	{"debugfs", "/sys/kernel/debug"},
	{"bpf", "/sys/fs/bpf"},
	{"cgroup2", "/sys/fs/cgroup"},
}

// runInit is the life of the guest. It never returns: the machine goes off at the end.
func runInit() {
	defer powerOff()
	if err := setUp(); err != nil {
		fmt.Println("guest:", err)
		return
	}
	out, err := openPort("/dev/ttyS1")
	if err != nil {
		fmt.Println("guest:", err)
		return
	}
	messages := json.NewEncoder(out)
	if err := runCases(messages); err != nil {
		_ = messages.Encode(wire.Message{Fatal: err.Error()})
		return
	}
	_ = messages.Encode(wire.Message{Done: true})
}

func runCases(messages *json.Encoder) error {
	release, err := release()
	if err != nil {
		return err
	}
	cases, err := readCases()
	if err != nil {
		return err
	}
	if err := messages.Encode(wire.Message{Release: release}); err != nil {
		return err
	}
	for _, c := range cases {
		if err := messages.Encode(wire.Message{Start: c.Name}); err != nil {
			return err
		}
		result := runCase(c)
		if err := messages.Encode(wire.Message{Result: &result}); err != nil {
			return err
		}
	}
	return nil
}

func readCases() ([]wire.Case, error) {
	data, err := os.ReadFile(wire.CasesPath)
	if err != nil {
		return nil, err
	}
	var cases []wire.Case
	if err := json.Unmarshal(data, &cases); err != nil {
		return nil, fmt.Errorf("read %s: %w", wire.CasesPath, err)
	}
	return cases, nil
}

// setUp makes a bare kernel a machine: file systems, an environment, a loopback interface.
func setUp() error {
	for _, m := range mounts {
		if err := os.MkdirAll(m.at, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.kind, m.at, m.kind, 0, ""); err != nil && !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("mount %s: %w", m.at, err)
		}
	}
	for name, target := range map[string]string{"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"} {
		if err := os.Symlink("/proc/self/fd"+target, "/dev/"+name); err != nil {
			return err
		}
	}
	for name, value := range map[string]string{"PATH": "/bin", "HOME": "/root", "TERM": "dumb", "LC_ALL": "C"} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return loopbackUp()
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("bring up lo: %w", err)
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req); err != nil {
		return fmt.Errorf("bring up lo: %w", err)
	}
	return nil
}

// openPort opens a serial port for lines to be written as they are.
func openPort(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	t, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		return nil, fmt.Errorf("set up %s: %w", path, err)
	}
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ICANON | unix.ISIG
	t.Cflag |= unix.CLOCAL
	if err := unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, t); err != nil {
		return nil, fmt.Errorf("set up %s: %w", path, err)
	}
	return f, nil
}

func release() (string, error) {
	data, err := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(string(data)), err
}

// powerOff ends the machine. The host starts it so that a reboot is its end, too.
func powerOff() {
	unix.Sync()
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART); err != nil {
		fmt.Println("guest: power off:", err)
	}
	select {}
}
