package runtime

import (
	"errors"
	"fmt"
	"io/fs"
	goruntime "runtime"
	"strings"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/attach"
)

// spareFiles is how many descriptors gtrace has open besides those of programs, maps and probes, and while it makes these.
const spareFiles = 512

// filesFor estimates how many descriptors an Object takes: for each of its programs and maps, and for all of its probes.
func filesFor(o *object.Object, cpus int) uint64 {
	n := spareFiles + len(o.Spec.Programs) + len(o.Spec.Maps)
	for _, p := range o.Manifest.Programs {
		for _, probe := range p.Probes {
			n += filesOf(probe, cpus)
		}
	}
	return uint64(n)
}

// filesOf is how many descriptors a probe takes: the link, the event of a tracepoint or function, and that for each CPU where events are of
// one.
func filesOf(p attach.Probe, cpus int) int {
	switch {
	case p.Kind == attach.KindPerfEvent && p.Provider != providerInterval:
		return cpus
	case p.Kind == attach.KindTracepoint, p.Kind == attach.KindKprobe:
		return 2
	}
	return 1
}

// providerInterval is the probe type whose events are of one CPU.
const providerInterval = "interval"

// makeRoom raises the limit of open files to what an Object takes, where that is allowed, and reports whether there is enough room then. Go
// has raised the soft limit to the hard one already.
func makeRoom(o *object.Object) bool {
	need := filesFor(o, goruntime.NumCPU())
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur >= need {
		return true
	}
	limit.Cur, limit.Max = need, max(need, limit.Max)
	// Not by Setrlimit, after which the processes that gtrace starts would have the new limit instead of the one that they are to have.
	_, _, errno := unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	return errno == 0
}

// scarcity explains an error about something that the kernel has no more of, and says what to do; empty for other errors. The verifier's
// log, where there is one, is then about a program that is right.
func scarcity(err error) string {
	switch {
	case err == nil:
	case errors.Is(err, unix.EMFILE), strings.HasSuffix(err.Error(), unix.EMFILE.Error()): // the library drops the number of some errors
		return fmt.Sprintf("too many open files: gtrace may have %s, and needs one or two for each program and probe: raise the limit (ulimit -n), "+
			"or trace fewer probes", fileLimit())
	case errors.Is(err, unix.ENFILE):
		return "the system has as many files open as it may have: raise the limit (sysctl fs.file-max), or trace fewer probes"
	case errors.Is(err, unix.ENOMEM):
		return "the kernel has no memory for it: trace fewer probes, use smaller maps (config max_map_keys), or raise the limit of the control group"
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return "the kernel was interrupted each time that it was asked: try again"
	}
	return ""
}

func fileLimit() string {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return "no more"
	}
	return fmt.Sprint(limit.Cur)
}

// scarce is an error about something that the kernel has no more of. It says so in place of the kernel's error, which it wraps.
type scarce struct {
	what string
	err  error
}

func (s *scarce) Error() string { return s.what + ": " + scarcity(s.err) }

func (s *scarce) Unwrap() error { return s.err }

// bare returns a program without the descriptor of its type information, which nobody asks for once it is loaded. It closes the program given.
func bare(p *ebpf.Program) (*ebpf.Program, error) {
	fd, err := unix.FcntlInt(uintptr(p.FD()), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("keep program: %w", err), p.Close())
	}
	out, err := ebpf.NewProgramFromFD(fd)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	out.VerifierLog = p.VerifierLog
	return out, p.Close()
}

// parking closes the descriptors of programs once they are attached, where there is no room for them: links keep their programs. What is
// read of such a program at the end it is looked up for, which takes CAP_SYS_ADMIN.
type parking struct {
	// ids are those of the programs by name.
	ids map[string]ebpf.ProgramID
}

// newParking returns nil if the programs of some jobs are to keep their descriptors.
func newParking(coll *ebpf.Collection, js []job) *parking {
	p := &parking{ids: map[string]ebpf.ProgramID{}}
	for _, j := range js {
		prog := coll.Programs[j.program]
		info, err := prog.Info()
		if err != nil {
			return nil
		}
		id, ok := info.ID()
		if _, twice := p.ids[j.program]; !ok || twice {
			return nil
		}
		if len(p.ids) == 0 {
			again, err := ebpf.NewProgramFromID(id)
			if err != nil {
				return nil
			}
			_ = again.Close() // it was only to see whether that is allowed
		}
		p.ids[j.program] = id
	}
	return p
}

// park closes the descriptor of a program that is attached.
func (p *parking) park(prog *ebpf.Program) error {
	if p == nil {
		return nil
	}
	return prog.Close()
}

// missed adds up what the kernel counted of parked programs that it could not run. They must be attached still.
func (p *parking) missed() (uint64, error) {
	sum := uint64(0)
	for name, id := range p.ids {
		prog, err := ebpf.NewProgramFromID(id)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was attached to nothing
		}
		if err != nil {
			return sum, fmt.Errorf("read what was missed of %s: %w", name, err)
		}
		st, err := prog.Stats()
		if err := errors.Join(err, prog.Close()); err != nil {
			return sum, fmt.Errorf("read what was missed of %s: %w", name, err)
		}
		sum += st.RecursionMisses
	}
	return sum, nil
}
