package probe

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/symbol"
	"github.com/gtrace/gtrace/runtime/usdt"
)

// usdtProbe is the static probes of programs and libraries.
type usdtProbe struct{ host *host.Host }

// minUSDTArgs is the number of arguments that scripts can ask for everywhere: those that a probe does not have are 0.
const minUSDTArgs = 12

// Name returns usdt.
func (u *usdtProbe) Name() string { return "usdt" }

// usdtPoint is an attach point path:[provider:]name.
type usdtPoint struct {
	path           string
	provider, name pattern
	pid            int
}

// Resolve reads path:[provider:]name, with wildcards in all of them.
func (u *usdtProbe) Resolve(pt attach.Point, opts check.ResolveOptions) ([]attach.Match, error) {
	if err := wantParts(u.Name(), pt, 2, 3); err != nil {
		return nil, err
	}
	up := usdtPoint{path: pt.Parts[0], provider: newPattern("*"), name: newPattern(pt.Parts[len(pt.Parts)-1]), pid: opts.PID}
	if len(pt.Parts) == 3 && pt.Parts[1] != "" {
		up.provider = newPattern(pt.Parts[1])
	}
	written := strings.Join(pt.Parts, ":")
	switch {
	case up.path == "" && up.pid == 0:
		return nil, pointError(wholePoint, codeSyntax,
			"usdt probe must specify at least path or pid to probe. To target all paths/pids set the path to '*'.")
	case up.name.text == "":
		return nil, pointError(wholePoint, codeSyntax, "usdt probe must have a target function or wildcard")
	case !u.host.HasUprobes():
		return nil, pointError(0, codeUnsupported, "usdt needs a kernel with uprobes (CONFIG_UPROBE_EVENTS), which this one does not have")
	}
	paths, err := u.paths(up)
	if err != nil {
		return nil, err
	}
	return u.resolveIn(paths, up, written)
}

// paths returns the files that an attach point names. All files are those of the process, or the programs in PATH where there is none.
func (u *usdtProbe) paths(up usdtPoint) ([]string, error) {
	if up.pid != 0 && (up.path == "" || up.path == "*") {
		return mappedFiles(up.pid)
	}
	paths, err := findBinaries(up.path, up.pid)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 && !newPattern(up.path).isWild() {
		return nil, pointError(1, codeTarget, "usdt target file '%s' does not exist or is not executable", up.path)
	}
	return paths, nil
}

// mappedFiles returns the files whose code a process has mapped.
func mappedFiles(pid int) ([]string, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return nil, fmt.Errorf("read mappings of process %d: %w", pid, err)
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) < 6 || !strings.Contains(fields[1], "x") || !strings.HasPrefix(fields[5], "/") {
			continue
		}
		path := nearest(pid, fields[5], fields[5])
		if isFile(path) && !slices.Contains(out, path) {
			out = append(out, path)
		}
	}
	return out, nil
}

func (u *usdtProbe) resolveIn(paths []string, up usdtPoint, written string) ([]attach.Match, error) {
	var out []attach.Match
	var names []string
	for _, path := range paths {
		notes, err := usdt.Read(path)
		if err != nil && newPattern(up.path).isWild() || errors.Is(err, usdt.ErrNotELF) && len(paths) > 1 {
			continue
		}
		if err != nil {
			return nil, pointError(1, codeUnreadable, "%v", err)
		}
		for _, n := range notes {
			names = append(names, n.Name)
			if !up.provider.match(n.Provider) || !up.name.match(n.Name) {
				continue
			}
			m, err := u.match(path, n, up)
			if err != nil {
				return nil, pointError(wholePoint, codeUnsupported, "%s:%s: %v", n.Provider, n.Name, err)
			}
			out = append(out, m)
		}
	}
	if len(out) == 0 && !newPattern(written).isWild() {
		return nil, u.noProbe(up, written, names)
	}
	out = sortMatches(out)
	for i := range out {
		out[i].Probe.Further = i > 0 && out[i].Probe.Name == out[i-1].Probe.Name
	}
	return out, nil
}

func (u *usdtProbe) noProbe(up usdtPoint, written string, names []string) error {
	err := noMatch(u.Name(), wholePoint, written, "")
	if len(names) == 0 {
		err.Hint = up.path + " has no static probes"
	} else if near := diag.Nearest(up.name.text, names); near != "" {
		err.Hint = fmt.Sprintf("did you mean usdt:%s:%s?", up.path, near)
	}
	return err
}

// match describes one place of a probe.
func (u *usdtProbe) match(path string, n usdt.Note, up usdtPoint) (attach.Match, error) {
	ctx := functionContext("usdt:"+n.Args, u.host.Arch(), false)
	ctx.Func, ctx.ArgN = "", nil
	ctx.UserSpace, ctx.PIDFilter, ctx.Ctx = true, "attach", u.host.StructByName("struct", "pt_regs")
	m := attach.Match{Context: ctx, Probe: attach.Probe{
		Provider: u.Name(), Name: strings.Join([]string{u.Name(), path, n.Provider, n.Name}, ":"), Kind: attach.KindKprobe,
		Target: path, Address: n.Offset, Semaphore: n.Semaphore, PID: up.pid,
	}}
	switch err := u.addArgs(ctx, path, n); {
	case err != nil && up.name.isWild(): // it fires all the same, and what it has can hardly be what the script wants of all
		ctx.ArgN = nil
	case err != nil:
		return attach.Match{}, err
	}
	return m, nil
}

// addArgs says where the arguments of a place are.
func (u *usdtProbe) addArgs(ctx *attach.Context, path string, n usdt.Note) error {
	args, err := usdt.ParseArgs(n.Args, u.host.Arch())
	if err != nil {
		return err
	}
	for i, a := range args {
		if a.Symbol != "" {
			if err := locate(&a, path, n); err != nil {
				return err
			}
			ctx.ID += fmt.Sprintf(" %s%+d", a.Reg, a.Offset) // the same text is another distance elsewhere
		}
		v, err := usdtValue(a, u.host.Arch())
		if err != nil {
			return err
		}
		v.Name = fmt.Sprintf("arg%d", i)
		ctx.ArgN = append(ctx.ArgN, v)
	}
	for i := len(ctx.ArgN); i < minUSDTArgs; i++ {
		ctx.ArgN = append(ctx.ArgN, attach.Value{
			Name: fmt.Sprintf("arg%d", i), Type: types.Int64, Size: 8, Operand: &attach.Operand{Kind: attach.OperandConst, Signed: true},
		})
	}
	return nil
}

// locate puts the distance from the probe, which is where the program counter is, in the place of a symbol; or its address, if
// another register is added to that.
func locate(a *usdt.Arg, path string, n usdt.Note) error {
	sym, fixed, err := symbol.Find(path, a.Symbol)
	switch {
	case err != nil:
		return err
	case a.Reg == "" || a.Reg == "rip":
		a.Reg = "rip"
		a.Offset += int64(sym.Addr - n.Addr)
	case !fixed:
		return fmt.Errorf("%s(%%%s) has no address before the program is loaded", a.Symbol, a.Reg)
	default:
		a.Offset += int64(sym.Addr)
	}
	return nil
}

// usdtValue says how a program finds an argument.
func usdtValue(a usdt.Arg, arch string) (attach.Value, error) {
	v := attach.Value{Type: types.Int64, Size: a.Size, Operand: &attach.Operand{Signed: a.Signed, Index: -1}}
	switch a.Kind {
	case usdt.ArgConst:
		v.Operand.Kind, v.Operand.Value = attach.OperandConst, a.Const
		return v, nil
	case usdt.ArgReg:
		v.Operand.Kind = attach.OperandRegister
	case usdt.ArgMemory:
		v.Operand.Kind, v.Operand.Value, v.Operand.Scale = attach.OperandMemory, a.Offset, a.Scale
	default:
		panic(fmt.Sprintf("BUG: probe: unexpected kind of argument %d", a.Kind))
	}
	var ok bool
	if v.Operand.Base, ok = registerOffset(a.Reg, arch); !ok {
		return v, fmt.Errorf("register %s is not supported", a.Reg)
	}
	if a.Index != "" {
		if v.Operand.Index, ok = registerOffset(a.Index, arch); !ok {
			return v, fmt.Errorf("register %s is not supported", a.Index)
		}
	}
	return v, nil
}

// attach hooks one place. The kernel counts the semaphore up in every process that has the file mapped.
func (u *usdtProbe) attach(prog *ebpf.Program, p attach.Probe) (io.Closer, error) {
	ex, err := link.OpenExecutable(p.Target)
	if err != nil {
		return nil, err
	}
	return linkOrError(ex.Uprobe("", prog, &link.UprobeOptions{Address: p.Address, RefCtrOffset: p.Semaphore, PID: p.PID}))
}

// attachMulti hooks places of one file with one link.
func (u *usdtProbe) attachMulti(prog *ebpf.Program, ps []attach.Probe) (io.Closer, error) {
	opts := &link.UprobeMultiOptions{PID: uint32(ps[0].PID)}
	for _, p := range ps {
		opts.Addresses = append(opts.Addresses, p.Address)
		opts.RefCtrOffsets = append(opts.RefCtrOffsets, p.Semaphore)
	}
	return linkPlaces(prog, ps[0].Target, opts, false)
}

// list returns the probes of the files that the listing names: "*" is those of the process, or the programs in PATH.
func (u *usdtProbe) list(q query) ([]Listed, error) {
	paths, err := u.paths(usdtPoint{path: q.parts[0].text, pid: q.pid})
	switch missing := (*check.PointError)(nil); {
	case errors.As(err, &missing):
		return nil, nil
	case err != nil:
		return nil, err
	}
	rest := query{parts: q.parts[1:]}
	var out []Listed
	for _, path := range paths {
		notes, err := usdt.Read(path)
		if errors.Is(err, usdt.ErrNotELF) || err != nil && q.parts[0].isWild() {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, n := range notes {
			if rest.part(0, 2).match(n.Provider) && rest.part(1, 2).match(n.Name) {
				out = append(out, Listed{Name: strings.Join([]string{u.Name(), path, n.Provider, n.Name}, ":")})
			}
		}
	}
	return out, nil
}
