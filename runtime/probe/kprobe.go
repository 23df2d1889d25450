package probe

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/runtime/host"
)

// kprobe is kprobe and kretprobe: kernel functions.
type kprobe struct {
	host *host.Host
	name string
	ret  bool
}

// Name returns kprobe or kretprobe.
func (k *kprobe) Name() string { return k.name }

// kernelModule is the name by which scripts know the kernel itself.
const kernelModule = "vmlinux"

// functionPoint is an attach point [module:]function[+offset].
type functionPoint struct {
	module  pattern // everything, if none is written
	fn      pattern
	fnPart  int
	offset  uint64
	address uint64 // of an instruction, instead of a function
	hasMod  bool
	written string
}

// Resolve reads [module:]function[+offset], with wildcards in module and function, or the address of an instruction.
func (k *kprobe) Resolve(pt attach.Point, opts check.ResolveOptions) ([]attach.Match, error) {
	fp, perr := k.parse(pt)
	switch {
	case perr != nil:
		return nil, perr
	case fp.address != 0 && !opts.Unsafe:
		return nil, pointError(wholePoint, codeUnsafe, "Probing by address requires --unsafe")
	}
	if !k.host.HasKprobes() {
		return nil, k.missing(fp)
	}
	ctx := k.context(fp)
	if fp.address != 0 {
		return []attach.Match{{Probe: k.atAddress(fp.address), Context: ctx}}, nil
	}
	if fp.fn.isWild() || fp.module.isWild() && fp.hasMod {
		return k.expand(fp, ctx)
	}
	module, err := k.find(fp)
	if err != nil {
		return nil, err
	}
	return []attach.Match{{Probe: k.probe(fp, module, fp.fn.text), Context: ctx}}, nil
}

func (k *kprobe) parse(pt attach.Point) (functionPoint, *check.PointError) {
	fp := functionPoint{module: newPattern("*"), fnPart: 1, written: strings.Join(pt.Parts, ":")}
	if err := wantParts(k.name, pt, 1, 2); err != nil {
		return fp, err
	}
	text := pt.Parts[0]
	if len(pt.Parts) == 2 {
		fp.module, fp.hasMod, fp.fnPart, text = newPattern(text), true, 2, pt.Parts[1]
	}
	name, offset, err := splitOffset(text, fp.fnPart, k.ret)
	if err != nil {
		return fp, err
	}
	fp.fn, fp.offset = newPattern(name), offset
	switch {
	case name == "":
		return fp, pointError(fp.fnPart, codeSyntax, "%s probe must have a target", k.name)
	case name[0] >= '0' && name[0] <= '9':
		return fp, fp.parseAddress(name)
	case fp.fn.isWild() && offset != 0:
		return fp, pointError(fp.fnPart, codeSyntax, "Offset not allowed with a wildcard")
	}
	return fp, nil
}

// parseAddress reads the address of an instruction, to which the offset is added.
func (fp *functionPoint) parseAddress(text string) *check.PointError {
	addr, err := parseInteger(text)
	switch {
	case err != nil:
		return pointError(fp.fnPart, codeSyntax, "Invalid address: invalid integer: %s", text)
	case addr < 1<<63:
		return pointError(fp.fnPart, codeSyntax, "0x%x is not an address in the kernel", addr)
	}
	fp.address = addr + fp.offset
	return nil
}

// atAddress describes a probe by its address alone, in decimal as bpftrace has it.
func (k *kprobe) atAddress(addr uint64) attach.Probe {
	return attach.Probe{
		Provider: k.name, Kind: attach.KindKprobe, Return: k.ret, Address: addr,
		Name: k.name + ":" + strconv.FormatUint(addr, 10),
	}
}

// splitOffset splits "name+offset". Return probes have no offset.
func splitOffset(text string, part int, ret bool) (name string, offset uint64, err *check.PointError) {
	plus := strings.LastIndexByte(text, '+')
	if plus < 0 {
		return text, 0, nil
	}
	if ret {
		return "", 0, pointError(part, codeSyntax, "Offset not allowed")
	}
	offset, perr := parseInteger(text[plus+1:])
	if perr != nil {
		return "", 0, pointError(part, codeSyntax, "Invalid offset: invalid integer: %s", text[plus+1:])
	}
	return text[:plus], offset, nil
}

// context returns what programs at the functions of an attach point see. Without bpf_get_func_ip, the program counter at a return
// is that of the caller, so the function is known only where there is one.
func (k *kprobe) context(fp functionPoint) *attach.Context {
	ctx := functionContext(k.name, k.host.Arch(), k.ret)
	ctx.PIDFilter, ctx.Ctx = "body", k.host.StructByName("struct", "pt_regs")
	switch {
	case fp.address != 0 && k.ret && !k.host.Has(target.GetFuncIP):
		ctx.Func = ""
	case fp.address == 0 && k.ret && !k.host.Has(target.GetFuncIP):
		onlyNamed(ctx, fp.fn)
	}
	return ctx
}

// onlyNamed makes the function known by its name, where there is only one.
func onlyNamed(ctx *attach.Context, fn pattern) {
	ctx.Func = ""
	if !fn.isWild() {
		ctx.Func = "name"
		ctx.ID += ":" + fn.text
	}
}

// probe names a probe as bpftrace does: with the module if it is not the kernel itself or if the script names it.
func (k *kprobe) probe(fp functionPoint, module, fn string) attach.Probe {
	p := attach.Probe{
		Provider: k.name, Kind: attach.KindKprobe, Return: k.ret, Func: fn, Offset: fp.offset, Target: module,
	}
	p.Name = k.name + ":"
	if fp.hasMod {
		p.Name += moduleName(module) + ":"
	}
	p.Name += fn
	if fp.offset != 0 {
		p.Name += "+" + strconv.FormatUint(fp.offset, 10)
	}
	return p
}

func moduleName(module string) string {
	if module == "" {
		return kernelModule
	}
	return module
}

// find returns the module of the only function of an attach point. The symbols are read only if the kernel's type information does
// not have the name.
func (k *kprobe) find(fp functionPoint) (module string, err error) {
	inKernel := !fp.hasMod || fp.module.text == kernelModule
	if inKernel && k.host.NamedInBTF(fp.fn.text) {
		return "", nil
	}
	wanted := ""
	if fp.hasMod {
		wanted = fp.module.text
	}
	f, ok, err := k.host.KernelFunction(wanted, fp.fn.text)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", k.noFunction(fp)
	}
	return f.Module, nil
}

func (k *kprobe) noFunction(fp functionPoint) error {
	all, err := k.host.Functions()
	if err != nil {
		return err
	}
	var names []string
	moduleSeen := !fp.hasMod
	for _, f := range all {
		if fp.module.match(moduleName(f.Module)) {
			names = append(names, f.Name)
			moduleSeen = true
		}
	}
	if !moduleSeen {
		return pointError(1, codeTarget, "specified module %s in probe %s:%s is not loaded.", fp.module.text, k.name, fp.written)
	}
	near := diag.Nearest(fp.fn.text, names)
	if near != "" && fp.hasMod {
		near = fp.module.text + ":" + near
	}
	return noMatch(k.name, fp.fnPart, fp.written, near)
}

func (k *kprobe) expand(fp functionPoint, ctx *attach.Context) ([]attach.Match, error) {
	all, err := k.host.Functions()
	if err != nil {
		return nil, err
	}
	var out []attach.Match
	for _, f := range all {
		if fp.fn.match(f.Name) && fp.module.match(moduleName(f.Module)) && !isClone(f.Name) {
			out = append(out, attach.Match{Probe: k.probe(fp, f.Module, f.Name), Context: ctx})
		}
	}
	return sortMatches(out), nil
}

// isClone reports whether a function is a part that the compiler split off, which wildcards leave out.
func isClone(name string) bool { return strings.Contains(name, ".part.") }

// missing says that the kernel was built without kprobes, and what to use instead.
func (k *kprobe) missing(fp functionPoint) error {
	err := pointError(0, codeUnsupported, "%s:%s needs a kernel with kprobes (CONFIG_KPROBE_EVENTS), which this one does not have", k.name, fp.written)
	err.Hint = "use a tracepoint or rawtracepoint; gtrace -l 'tracepoint:*' lists them"
	events, lerr := k.host.Tracepoints()
	if lerr != nil {
		return err
	}
	for _, e := range events {
		if e.Name == fp.fn.text {
			err.Hint = fmt.Sprintf("there is a tracepoint of that name: tracepoint:%s", e)
		}
	}
	return err
}

// attach hooks one function.
func (k *kprobe) attach(prog *ebpf.Program, p attach.Probe) (io.Closer, error) {
	if !k.host.HasKprobes() {
		return nil, &host.Unsupported{Feature: "kprobes"}
	}
	if p.Address != 0 {
		return k.attachAddress(prog, p)
	}
	var l link.Link
	var err error
	if k.ret {
		l, err = link.Kretprobe(p.Func, prog, nil)
	} else {
		l, err = link.Kprobe(p.Func, prog, &link.KprobeOptions{Offset: p.Offset})
	}
	if p.Offset != 0 && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EILSEQ)) {
		return nil, fmt.Errorf("%s+%d is not traceable (not the beginning of an instruction, or one that the kernel does not let be probed)", p.Func, p.Offset)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not traceable (either non-existing, inlined, or marked as \"notrace\"): %w", p.Func, err)
	}
	if err != nil {
		return nil, err
	}
	return freedLate(k.host, l)
}

// attachAddress hooks one instruction, by an event of the kernel's kprobe unit: the library only knows names.
func (k *kprobe) attachAddress(prog *ebpf.Program, p attach.Probe) (io.Closer, error) {
	unit, returns, err := k.host.KprobeUnit()
	if err != nil {
		return nil, err
	}
	attr := unix.PerfEventAttr{Type: unit, Ext2: p.Address, Bits: unix.PerfBitDisabled}
	if k.ret {
		attr.Config = 1 << returns
	}
	c, err := attachPerfEvent(prog, &attr, -1, 0)
	if err != nil {
		return nil, fmt.Errorf("0x%x is not traceable (no instruction, or one that the kernel does not let be probed): %w", p.Address, err)
	}
	return c, nil
}

// attachMulti hooks all functions with one link.
func (k *kprobe) attachMulti(prog *ebpf.Program, ps []attach.Probe) (io.Closer, error) {
	opts := link.KprobeMultiOptions{}
	for _, p := range ps {
		opts.Symbols = append(opts.Symbols, p.Func)
	}
	if k.ret {
		return linkOrError(link.KretprobeMulti(prog, opts))
	}
	return linkOrError(link.KprobeMulti(prog, opts))
}

// linkOrError keeps a nil link from becoming a closer that is not nil.
func linkOrError(l link.Link, err error) (io.Closer, error) {
	if err != nil {
		return nil, err
	}
	return l, nil
}

// list returns the functions.
func (k *kprobe) list(q query) ([]Listed, error) {
	if !k.host.HasKprobes() {
		return nil, nil
	}
	all, err := k.host.Functions()
	if err != nil {
		return nil, err
	}
	module, fn := q.part(0, 2), q.part(1, 2)
	var out []Listed
	for _, f := range all {
		if !module.match(moduleName(f.Module)) || !fn.match(f.Name) {
			continue
		}
		l := Listed{Name: k.name + ":" + f.Name}
		if f.Module != "" {
			l.Name = k.name + ":" + f.Module + ":" + f.Name
		}
		if q.verbose {
			l.Args = k.declarations(f)
		}
		out = append(out, l)
	}
	return out, nil
}

// declarations returns what the kernel's types say of a function, which may be nothing.
func (k *kprobe) declarations(f host.Function) []string {
	args, result, ok := k.host.FunctionDecls(f.Name)
	switch {
	case !ok:
		return nil
	case k.ret:
		return []string{result + " retval"}
	}
	var out []string
	for i, a := range args {
		out = append(out, fmt.Sprintf("%s arg%d", a, i))
	}
	return out
}
