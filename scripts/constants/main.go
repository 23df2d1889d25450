// Command constants writes the table of the constants that the headers of Linux and of the C library define. It needs gcc, and
// headers as the Debian packages linux-libc-dev and libc6-dev have them.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// headers are read in this order; of two values for a name the first counts.
var headers = []string{
	"linux/errno.h", "asm/signal.h", "linux/fcntl.h", "linux/stat.h", "linux/limits.h", "linux/sched.h", "linux/mman.h",
	"linux/ptrace.h", "linux/prctl.h", "linux/capability.h", "linux/resource.h", "linux/futex.h", "linux/eventpoll.h",
	"asm/poll.h", "linux/fs.h", "linux/magic.h", "linux/mount.h", "linux/inotify.h", "linux/fanotify.h", "linux/falloc.h",
	"linux/xattr.h", "linux/socket.h", "linux/in.h", "linux/in6.h", "linux/ip.h", "linux/ipv6.h", "linux/tcp.h", "linux/udp.h",
	"linux/icmp.h", "linux/icmpv6.h", "linux/if.h", "linux/if_ether.h", "linux/if_packet.h", "linux/if_arp.h", "linux/if_link.h",
	"linux/netlink.h", "linux/rtnetlink.h", "linux/sockios.h", "asm/socket.h", "asm/ioctls.h", "asm/termbits.h", "linux/unistd.h",
	"linux/time.h", "linux/timerfd.h", "linux/io_uring.h", "linux/bpf.h", "linux/perf_event.h", "linux/seccomp.h",
	"linux/personality.h", "linux/reboot.h", "linux/random.h", "linux/memfd.h", "linux/mempolicy.h", "linux/membarrier.h",
	"linux/userfaultfd.h", "linux/kvm.h", "linux/input-event-codes.h", "linux/major.h", "linux/elf.h", "linux/auxvec.h",
	"linux/ioprio.h", "linux/aio_abi.h", "linux/openat2.h", "linux/close_range.h", "linux/oom.h", "linux/shm.h", "linux/sem.h",
	"linux/msg.h", "linux/ipc.h", "linux/quota.h", "linux/loop.h", "linux/tty.h", "linux/blkzoned.h", "linux/nvme_ioctl.h",
	"linux/neighbour.h", "linux/pkt_sched.h", "linux/un.h", "linux/vm_sockets.h", "linux/wait.h", "linux/virtio_ids.h",
	"sys/socket.h", "netinet/in.h", "netinet/tcp.h", "sys/stat.h", "fcntl.h", "sys/mman.h", "sys/wait.h", "signal.h", "limits.h",
	"sys/epoll.h", "sys/file.h", "syslog.h", "unistd.h", "stdint.h",
}

// extra are constants of the kernel's own headers that scripts use.
var extra = map[string]int64{
	"TASK_COMM_LEN": 16, "TASK_RUNNING": 0, "TASK_INTERRUPTIBLE": 1, "TASK_UNINTERRUPTIBLE": 2, "ERESTARTSYS": 512,
	"ERESTARTNOINTR": 513, "ERESTARTNOHAND": 514, "ENOIOCTLCMD": 515, "ERESTART_RESTARTBLOCK": 516, "EPROBE_DEFER": 517,
	"EOPENSTALE": 518, "MAX_ERRNO": 4095, "PAGE_SHIFT": 12, "PAGE_SIZE": 4096,
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	all := map[string]int64{}
	for name, v := range extra {
		all[name] = v
	}
	for _, h := range headers {
		found, err := constantsOf(h)
		if err != nil {
			fmt.Fprintf(os.Stderr, "left out: %v\n", err)
			continue
		}
		for name, v := range found {
			if _, taken := all[name]; !taken {
				all[name] = v
			}
		}
	}
	return write("constants.txt", all)
}

var macro = regexp.MustCompile(`(?m)^#define ([A-Z][A-Z0-9_]*) (\S.*)$`)

// constantsOf returns the macros of a header that are integer constants. Those that gcc defines by itself are left out.
func constantsOf(header string) (map[string]int64, error) {
	source := "#include <" + header + ">\n"
	text, err := gcc(source, "-dM", "-E", "-")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", header, err)
	}
	var names []string
	for _, m := range macro.FindAllStringSubmatch(text, -1) {
		if !strings.HasPrefix(m[2], "\"") && !strings.HasPrefix(m[2], "__attribute__") {
			names = append(names, m[1])
		}
	}
	return evaluate(source, names), nil
}

var row = regexp.MustCompile(`(?m)^\s*\.quad\s+(-?\d+)\s*$`)

// evaluate lets gcc compute names, all at once if they are all constants, else half by half until those that are not are left
// out.
func evaluate(source string, names []string) map[string]int64 {
	if len(names) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString(source + "const long long values[] = {1")
	for _, n := range names {
		fmt.Fprintf(&b, ",\n_Generic((%s), char *: (void)0, default: (long long)(%s)), (%s) > 0", n, n, n)
	}
	b.WriteString("};\n")
	asm, err := gcc(b.String(), "-S", "-w", "-o", "-", "-")
	if rows := row.FindAllStringSubmatch(asm, -1); err == nil && len(rows) == 2*len(names)+1 {
		out := map[string]int64{}
		for i, n := range names {
			v, _ := strconv.ParseInt(rows[2*i+1][1], 10, 64)
			if v >= 0 || rows[2*i+2][1] == "0" { // others do not fit into an int64
				out[n] = v
			}
		}
		return out
	}
	if len(names) == 1 {
		return nil
	}
	out := evaluate(source, names[:len(names)/2])
	if out == nil {
		out = map[string]int64{}
	}
	for n, v := range evaluate(source, names[len(names)/2:]) {
		out[n] = v
	}
	return out
}

func gcc(source string, args ...string) (string, error) {
	cmd := exec.Command("gcc", append([]string{"-x", "c", "-O0", "-fno-zero-initialized-in-bss"}, args...)...)
	cmd.Stdin = strings.NewReader(source)
	out, err := cmd.Output()
	return string(out), err
}

func write(file string, all map[string]int64) error {
	names := make([]string, 0, len(all))
	for n := range all {
		names = append(names, n)
	}
	sort.Strings(names)
	var b bytes.Buffer
	for _, n := range names {
		fmt.Fprintf(&b, "%s %d\n", n, all[n])
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}
