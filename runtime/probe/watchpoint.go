package probe

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/runtime/host"
)

// watchpoint is accesses to a place in memory, found by the CPU's debug registers.
type watchpoint struct {
	host     *host.Host
	together *together
}

// The values of a perf event's bp_type.
const (
	breakpointRead  = 1
	breakpointWrite = 2
	breakpointExec  = 4
)

// watchModes are the modes that each architecture can watch for, as they are spelled in order; rw is both.
var watchModes = map[string][]string{
	"amd64": {"x", "w", "rw"},
	"arm64": {"r", "w", "x", "rw"},
}

// watchLengths are the sizes of what can be watched.
var watchLengths = []string{"1", "2", "4", "8"}

// Name returns watchpoint.
func (w *watchpoint) Name() string { return "watchpoint" }

// Resolve reads address:length:mode.
func (w *watchpoint) Resolve(pt attach.Point, opts check.ResolveOptions) ([]attach.Match, error) {
	if err := wantParts(w.Name(), pt, 3); err != nil {
		return nil, err
	}
	addr, err := parseInteger(pt.Parts[0])
	switch {
	case errors.Is(err, strconv.ErrRange):
		return nil, pointError(1, codeSyntax, "Invalid function/address argument: overflow error: %s", pt.Parts[0])
	case err != nil:
		return nil, pointError(1, codeSyntax, "Invalid function/address argument: invalid integer: %s", pt.Parts[0])
	case addr == 0:
		return nil, pointError(1, codeSyntax, "watchpoint must be attached to a non-zero address")
	case !slices.Contains(watchLengths, pt.Parts[1]):
		return nil, pointError(2, codeSyntax, "watchpoint length must be one of (1,2,4,8)")
	}
	size, _ := strconv.ParseUint(pt.Parts[1], 10, 8)
	mode, perr := w.mode(pt.Parts[2])
	if perr != nil {
		return nil, perr
	}
	if mode == "x" && w.host.Arch() == "amd64" && size != 8 {
		return nil, pointError(2, codeSyntax, "watchpoint length must be 8 for mode x on this architecture")
	}
	if addr%size != 0 {
		err := pointError(1, codeSyntax, "watchpoint address 0x%x is not a multiple of its length %d", addr, size)
		err.Hint = "the CPU can only watch aligned places"
		return nil, err
	}
	p := attach.Probe{
		Provider: w.Name(), Kind: attach.KindPerfEvent, Name: fmt.Sprintf("%s:%d:%d:%s", w.Name(), addr, size, pt.Parts[2]),
		Address: addr, Period: size, Func: mode, PID: opts.PID,
	}
	ctx := perfContext(w.host)
	ctx.UserSpace = addr < 1<<63 // what a program of the user can name
	ctx.ID = fmt.Sprintf("watchpoint:%v", ctx.UserSpace)
	return []attach.Match{{Probe: p, Context: ctx}}, nil
}

// mode returns a mode with its letters in order.
func (w *watchpoint) mode(text string) (string, *check.PointError) {
	letters := strings.Split(text, "")
	slices.Sort(letters)
	sorted := strings.Join(letters, "")
	modes := watchModes[w.host.Arch()]
	switch {
	case text == "" || strings.Trim(text, "rwx") != "":
		return "", w.modeError("watchpoint mode must be combination of (r,w,x)", modes)
	case len(slices.Compact(letters)) < len(text):
		return "", w.modeError("watchpoint modes may not be duplicated", modes)
	case !slices.Contains(modes, sorted):
		return "", w.modeError("invalid watchpoint mode: "+text, modes)
	}
	return sorted, nil
}

func (w *watchpoint) modeError(message string, modes []string) *check.PointError {
	err := pointError(3, codeSyntax, "%s", message)
	err.Hint = "supported modes: " + strings.Join(modes, ",")
	return err
}

// attach sets the debug registers of every CPU, or those of the threads of a process.
func (w *watchpoint) attach(prog *ebpf.Program, p attach.Probe) (io.Closer, error) {
	attr := unix.PerfEventAttr{
		Type: unix.PERF_TYPE_BREAKPOINT, Bp_type: breakpointType(p.Func), Ext1: p.Address, Ext2: p.Period, Sample: 1,
		Bits: unix.PerfBitDisabled,
	}
	var done io.Closer
	var err error
	if p.PID != 0 {
		done, err = attachToProcess(prog, attr, p.PID)
	} else {
		done, err = attachEverywhere(w.host, w.together, prog, attr)
	}
	return done, explainWatch(err)
}

func breakpointType(mode string) uint32 {
	var out uint32
	for _, c := range mode {
		switch c {
		case 'r':
			out |= breakpointRead
		case 'w':
			out |= breakpointWrite
		case 'x':
			out |= breakpointExec
		}
	}
	return out
}

// explainWatch says why the kernel refused a watchpoint, where that can be known.
func explainWatch(err error) error {
	switch {
	case errors.Is(err, unix.ENOSPC):
		return fmt.Errorf("all debug registers of the CPU are in use (there are few, and debuggers use them too): %w", err)
	case errors.Is(err, unix.EINVAL):
		return fmt.Errorf("the CPU cannot watch this address: %w", err)
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOENT):
		return fmt.Errorf("this machine has no debug registers for watchpoints: %w", err)
	}
	return err
}

// list returns nothing: any place in memory can be watched.
func (w *watchpoint) list(query) ([]Listed, error) { return nil, nil }
