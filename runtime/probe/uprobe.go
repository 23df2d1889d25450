package probe

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/symbol"
)

// uprobe is uprobe and uretprobe: functions of programs and libraries.
type uprobe struct {
	host *host.Host
	name string
	ret  bool
	// types are those of functions' arguments.
	types *cTypes
}

// Name returns uprobe or uretprobe.
func (u *uprobe) Name() string { return u.name }

// Resolve reads binary:function[+offset] or binary:address, with wildcards in both, binary:cpp:function, and
// binary@file:line[:column].
func (u *uprobe) Resolve(pt attach.Point, opts check.ResolveOptions) ([]attach.Match, error) {
	if target, file, ok := sourceFile(pt.Parts); ok {
		return u.resolveSource(target, file, pt.Parts[1:], opts)
	}
	if err := wantParts(u.name, pt, 2, 3); err != nil {
		return nil, err
	}
	cpp, last := len(pt.Parts) == 3, len(pt.Parts)-1
	if cpp && pt.Parts[1] != languageCPP {
		return nil, pointError(2, codeSyntax, "unsupported language type: %s", pt.Parts[1])
	}
	fn, offset, perr := pt.Parts[last], uint64(0), (*check.PointError)(nil)
	if !cpp || endsInOffset(fn) {
		fn, offset, perr = splitOffset(fn, last+1, u.ret)
	}
	switch {
	case perr != nil:
		return nil, perr
	case pt.Parts[0] == "":
		return nil, pointError(wholePoint, codeSyntax, "%s probe must have a target", u.name)
	case fn == "":
		return nil, pointError(wholePoint, codeSyntax, "%s should be attached to a function, address, or source file and line (using DWARF)", u.name)
	}
	paths, err := u.paths(pt.Parts[0], opts.PID)
	if err != nil {
		return nil, err
	}
	return u.resolveIn(paths, uprobePoint{fn: newPattern(fn), offset: offset, cpp: cpp, args: opts.NeedArgs && !u.ret, unsafe: opts.Unsafe, pid: opts.PID})
}

// uprobePoint is what is asked of each binary.
type uprobePoint struct {
	fn     pattern
	offset uint64
	// cpp is set where the function goes by its name in the source.
	cpp bool
	// args is set where the arguments are to be known by name.
	args   bool
	unsafe bool
	pid    int
}

func (u *uprobe) resolveIn(paths []string, up uprobePoint) ([]attach.Match, error) {
	var out []attach.Match
	var missing error
	for _, path := range paths {
		bin, err := u.host.Binaries().Open(path)
		if errors.Is(err, symbol.ErrNotELF) && len(paths) > 1 {
			continue
		}
		if err != nil {
			return nil, pointError(1, codeUnreadable, "%v", err)
		}
		ms, err := u.resolveBinary(bin, path, up)
		if err == nil && up.args && !up.fn.isWild() && len(ms) > 0 && ms[0].Probe.Func != "" {
			if err := u.addArgs(bin, path, ms); err != nil {
				return nil, err
			}
		}
		if err != nil {
			missing = err
		}
		out = append(out, ms...)
	}
	if len(out) == 0 && missing != nil {
		return nil, missing
	}
	return sortMatches(out), nil
}

// paths returns the files that the first part of an attach point stands for.
func (u *uprobe) paths(text string, pid int) ([]string, error) {
	if !u.host.HasUprobes() {
		return nil, pointError(0, codeUnsupported, "%s needs a kernel with uprobes (CONFIG_UPROBE_EVENTS), which this one does not have", u.name)
	}
	paths, err := findBinaries(text, pid)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 && !newPattern(text).isWild() {
		return nil, pointError(1, codeTarget, "%s target file '%s' does not exist or is not executable", u.name, text)
	}
	return paths, nil
}

func (u *uprobe) resolveBinary(bin *symbol.Binary, path string, up uprobePoint) ([]attach.Match, error) {
	if c := up.fn.text[0]; c >= '0' && c <= '9' {
		return u.resolveAddress(bin, path, up)
	}
	if up.cpp {
		return u.resolveCPP(bin, path, up)
	}
	if !up.fn.isWild() {
		sym, ok := bin.ByName(up.fn.text)
		if !ok {
			return nil, u.noFunction(bin, path, up.fn.text)
		}
		if err := u.insideFunction(bin, sym, up); err != nil {
			return nil, err
		}
		m := u.match(path, sym.Name, up)
		m.Warning = u.unsafeIn(bin, sym, up.offset)
		return []attach.Match{m}, nil
	}
	var out []attach.Match
	for _, s := range bin.Functions() {
		if up.fn.match(s.Name) && !isClone(s.Name) && (s.Size > 0 || up.unsafe) {
			out = append(out, u.match(path, s.Name, up))
		}
	}
	return out, nil
}

// resolveAddress reads an address in the binary's own address space.
func (u *uprobe) resolveAddress(bin *symbol.Binary, path string, up uprobePoint) ([]attach.Match, error) {
	addr, err := parseInteger(up.fn.text)
	if err != nil {
		return nil, pointError(2, codeSyntax, "Invalid address: invalid integer: %s", up.fn.text)
	}
	addr += up.offset
	off, ok := bin.FileOffset(addr)
	if !ok {
		return nil, pointError(2, codeTarget, "0x%x is not an address of the code of %s", addr, path)
	}
	if err := u.placeOf(bin, addr, up.unsafe); err != nil {
		return nil, err
	}
	m := u.match(path, "", uprobePoint{fn: up.fn, cpp: up.cpp, pid: up.pid})
	m.Probe.Name += strconv.FormatUint(addr, 10)
	m.Probe.Address = off
	if sym, offset, ok := bin.Lookup(addr); ok {
		m.Warning = u.unsafeIn(bin, sym, offset)
	}
	return []attach.Match{m}, nil
}

func (u *uprobe) noFunction(bin *symbol.Binary, path, fn string) error {
	var names []string
	for _, s := range bin.Functions() {
		names = append(names, s.Name)
	}
	near := diag.Nearest(fn, names)
	if near != "" {
		near = path + ":" + near
	}
	err := noMatch(u.name, 2, path+":"+fn, near)
	if near == "" && len(names) == 0 {
		err.Hint = path + " has no symbols; install those of its debug package, or give an address"
	}
	return err
}

func (u *uprobe) match(path, fn string, up uprobePoint) attach.Match {
	p := attach.Probe{
		Provider: u.name, Name: u.name + ":" + path + ":", Kind: attach.KindKprobe, Return: u.ret,
		Target: path, Func: fn, Offset: up.offset, PID: up.pid,
	}
	if up.cpp {
		p.Name += languageCPP + ":"
	}
	p.Name += fn
	if up.offset != 0 {
		p.Name += "+" + strconv.FormatUint(up.offset, 10)
	}
	return attach.Match{Probe: p, Context: u.context(up.fn)}
}

// context returns what programs see. The kernel knows the function at a return since 6.6; before, only a name that is the only one.
func (u *uprobe) context(fn pattern) *attach.Context {
	ctx := functionContext(u.name, u.host.Arch(), u.ret)
	ctx.UserSpace, ctx.PIDFilter, ctx.Ctx = true, "attach", u.host.StructByName("struct", "pt_regs")
	if u.ret && u.host.Kernel().Before(target.Version{Major: 6, Minor: 6}) {
		onlyNamed(ctx, fn)
	}
	return ctx
}

// fileOffset returns where in its file a probe is.
func (u *uprobe) fileOffset(p attach.Probe) (uint64, error) {
	if p.Func == "" {
		return p.Address, nil
	}
	bin, err := u.host.Binaries().Open(p.Target)
	if err != nil {
		return 0, err
	}
	sym, ok := bin.ByName(p.Func)
	if !ok {
		return 0, fmt.Errorf("no function %s in %s", p.Func, p.Target)
	}
	off, ok := bin.FileOffset(sym.Addr + p.Offset)
	if !ok {
		return 0, fmt.Errorf("function %s is not in the code of %s", p.Func, p.Target)
	}
	return off, nil
}

// attach hooks one function.
func (u *uprobe) attach(prog *ebpf.Program, p attach.Probe) (io.Closer, error) {
	off, err := u.fileOffset(p)
	if err != nil {
		return nil, err
	}
	ex, err := link.OpenExecutable(p.Target)
	if err != nil {
		return nil, err
	}
	opts := &link.UprobeOptions{Address: off, PID: p.PID}
	var l link.Link
	if u.ret {
		l, err = ex.Uretprobe(p.Func, prog, opts)
	} else {
		l, err = ex.Uprobe(p.Func, prog, opts)
	}
	if err != nil {
		return nil, err
	}
	return freedLate(u.host, l)
}

// attachMulti hooks all functions, which are in one binary, with one link.
func (u *uprobe) attachMulti(prog *ebpf.Program, ps []attach.Probe) (io.Closer, error) {
	opts := &link.UprobeMultiOptions{PID: uint32(ps[0].PID)}
	for _, p := range ps {
		off, err := u.fileOffset(p)
		if err != nil {
			return nil, err
		}
		opts.Addresses = append(opts.Addresses, off)
	}
	return linkPlaces(prog, ps[0].Target, opts, u.ret)
}

// linkPlaces hooks places of a file with one link.
func linkPlaces(prog *ebpf.Program, path string, opts *link.UprobeMultiOptions, ret bool) (io.Closer, error) {
	ex, err := link.OpenExecutable(path)
	if err != nil {
		return nil, err
	}
	if ret {
		return linkOrError(ex.UretprobeMulti(nil, prog, opts))
	}
	return linkOrError(ex.UprobeMulti(nil, prog, opts))
}

// list returns the functions of the binaries that the listing names; without a binary there is nothing to list.
func (u *uprobe) list(q query) ([]Listed, error) {
	if target, file, ok := sourceFile(q.texts()); ok {
		return u.listSource(target, file, q.texts()[1:])
	}
	paths, err := u.paths(q.parts[0].text, 0)
	if err != nil {
		return nil, err
	}
	rest, cpp := q.parts[1:], false
	if len(rest) > 1 && rest[0].text == languageCPP {
		rest, cpp = rest[1:], true
	}
	fn := newPattern("*")
	if len(rest) > 0 {
		fn = newPattern(strings.ReplaceAll(query{parts: rest}.text(), `"`, ""))
	}
	var out []Listed
	for _, path := range paths {
		bin, err := u.host.Binaries().Open(path)
		if errors.Is(err, symbol.ErrNotELF) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, s := range bin.Functions() {
			if fn.match(s.Name) || cpp && matchCPP(fn, s.Name) {
				l := Listed{Name: ListName(u.match(path, s.Name, uprobePoint{fn: fn, cpp: cpp}).Probe)}
				if q.verbose && !u.ret {
					l.Args = u.declarations(path, s)
				}
				out = append(out, l)
			}
		}
	}
	return out, nil
}
