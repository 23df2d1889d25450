package probe

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/host"
)

// fentry is fentry and fexit: kernel functions whose types are known. A program is loaded for one function, whose arguments the
// verifier checks; the kernel calls it by a trampoline instead of a breakpoint.
type fentry struct {
	host *host.Host
	name string
	ret  bool
}

// Name returns fentry or fexit.
func (f *fentry) Name() string { return f.name }

// modulesSince is the first kernel that describes the types of modules.
var modulesSince = target.Version{Major: 5, Minor: 11}

// modulesBySymbol is the first kernel that looks for the address of a module's function in the module. Before, it took the first function of
// that name there is, in the kernel or another module (bpf_check_attach_target in kernel/bpf/verifier.c).
var modulesBySymbol = target.Version{Major: 6, Minor: 4}

// errShared says that the kernel would attach to another function of the name.
var errShared = errors.New("other functions of the kernel have its name")

// Resolve reads [module:]function or bpf:[id:]function, with wildcards in both.
func (f *fentry) Resolve(pt attach.Point, _ check.ResolveOptions) ([]attach.Match, error) {
	if len(pt.Parts) > 0 && pt.Parts[0] == bpfModule {
		return f.resolveBPF(pt)
	}
	fp, perr := f.parse(pt)
	if perr != nil {
		return nil, perr
	}
	if !f.host.HasBTF() {
		return nil, f.missing(fp)
	}
	if fp.fn.isWild() || fp.module.isWild() && fp.hasMod {
		return f.expand(fp)
	}
	module, err := f.find(fp)
	if err != nil {
		return nil, err
	}
	m, err := f.match(module, fp.fn.text)
	if err != nil {
		return nil, f.explain(fp, err)
	}
	return []attach.Match{m}, nil
}

func (f *fentry) parse(pt attach.Point) (functionPoint, *check.PointError) {
	fp := functionPoint{module: newPattern("*"), fnPart: 1, written: strings.Join(pt.Parts, ":")}
	switch n := len(pt.Parts); {
	case n == 3:
		return fp, pointError(wholePoint, codeSyntax, "Only the 'bpf' variant of this probe supports 4 arguments")
	case n == 2:
		fp.module, fp.hasMod, fp.fnPart = newPattern(pt.Parts[0]), true, 2
	case n != 1:
		return fp, pointError(wholePoint, codeSyntax, "%s probe type requires 1 or 3 arguments, found %d", f.name, n)
	}
	fp.fn = newPattern(pt.Parts[fp.fnPart-1])
	if fp.fn.text == "" {
		return fp, pointError(fp.fnPart, codeSyntax, "fentry/fexit should specify a function")
	}
	return fp, nil
}

// missing says that the kernel does not describe its types, and what to use instead.
func (f *fentry) missing(fp functionPoint) error {
	err := pointError(0, codeUnsupported, "%s:%s needs a kernel with type information (CONFIG_DEBUG_INFO_BTF), which this one does not have", f.name, fp.written)
	instead := "kprobe"
	if f.ret {
		instead = "kretprobe"
	}
	err.Hint = "use " + instead + ":" + fp.fn.text
	return err
}

// find returns the module of the only function of an attach point; "" is the kernel itself.
func (f *fentry) find(fp functionPoint) (string, error) {
	if fp.hasMod {
		return f.inModule(fp)
	}
	if _, err := f.host.FunctionSignature("", fp.fn.text); !errors.Is(err, host.ErrNoBTF) {
		return "", nil
	}
	modules, err := f.host.FunctionModules(fp.fn.text)
	switch {
	case err != nil:
		return "", err
	case len(modules) == 1 && modules[0] != "":
		return modules[0], nil
	case len(modules) > 1:
		return "", pointError(fp.fnPart, codeAmbiguous, "ambiguous attach point, please specify module containing the function '%s'", fp.fn.text)
	}
	return "", f.noFunction(fp, "")
}

// inModule returns the module that an attach point names, as far as programs can be loaded for its functions.
func (f *fentry) inModule(fp functionPoint) (string, error) {
	module := fp.module.text
	if module == kernelModule {
		return "", nil
	}
	if f.host.Kernel().Before(modulesSince) {
		return "", pointError(1, codeUnsupported, "%s of functions in modules needs Linux %s; this is %s", f.name, modulesSince, f.host.Kernel())
	}
	if _, err := f.host.FunctionSignature(module, fp.fn.text); errors.Is(err, host.ErrNoBTF) {
		return "", f.noFunction(fp, module)
	}
	return module, nil
}

// explain says what is wrong with a function that has no match.
func (f *fentry) explain(fp functionPoint, err error) error {
	switch {
	case errors.Is(err, host.ErrAmbiguous):
		perr := pointError(fp.fnPart, codeAmbiguous, "the kernel has several functions %s, so that %s cannot tell which is meant", fp.fn.text, f.name)
		perr.Hint = "kprobe:" + fp.fn.text + " attaches to the first"
		return perr
	case errors.Is(err, errShared):
		return pointError(fp.fnPart, codeUnsupported, "%s of %s needs Linux %s, since %v; this is %s", f.name, fp.written, modulesBySymbol, err, f.host.Kernel())
	case errors.Is(err, host.ErrNotTraceable):
		return pointError(fp.fnPart, codeUnsupported, "%s is %v", fp.fn.text, err)
	case errors.Is(err, host.ErrNoBTF):
		module := fp.module.text
		if !fp.hasMod || module == kernelModule {
			module = ""
		}
		return f.noFunction(fp, module)
	}
	return err
}

// noFunction suggests a name of those that can be traced: to read all types would take longer.
func (f *fentry) noFunction(fp functionPoint, module string) error {
	all, err := f.host.Functions()
	if err != nil {
		return noMatch(f.name, fp.fnPart, fp.written, "")
	}
	var names []string
	for _, k := range all {
		if k.Module == module {
			names = append(names, k.Name)
		}
	}
	near := diag.Nearest(fp.fn.text, names)
	if near != "" && fp.hasMod {
		near = fp.module.text + ":" + near
	}
	return noMatch(f.name, fp.fnPart, fp.written, near)
}

// match describes a function.
func (f *fentry) match(module, fn string) (attach.Match, error) {
	sig, err := f.host.FunctionSignature(module, fn)
	if err != nil {
		return attach.Match{}, err
	}
	if module != "" && f.host.Kernel().Before(modulesBySymbol) {
		shared, err := f.host.SharedNames()
		if err != nil {
			return attach.Match{}, err
		}
		if shared[fn] {
			return attach.Match{}, errShared
		}
	}
	p := attach.Probe{
		Provider: f.name, Name: f.name + ":" + moduleName(module) + ":" + fn, Kind: attach.KindTracing, Return: f.ret,
		Target: moduleName(module), Func: fn, BTFType: fn,
	}
	ctx := &attach.Context{
		ID: p.Name, Func: "name", Stack: true, PIDFilter: "body", Size: sig.ResultOffset,
		Args: &types.Struct{Name: p.Name + "_args", Size: sig.ResultOffset, Align: 8, Fields: sig.Params},
	}
	if f.ret && sig.Result != nil {
		ctx.Size += 8
		ctx.Retval = &attach.Value{Name: "retval", Type: sig.Result, Offset: sig.ResultOffset, Size: 8}
	}
	return attach.Match{Probe: p, Context: ctx}, nil
}

// expand returns the functions that a wildcard stands for, as far as the kernel lets programs be attached to them: one that it
// refuses would keep the others from being loaded.
func (f *fentry) expand(fp functionPoint) ([]attach.Match, error) {
	all, err := f.host.Functions()
	if err != nil {
		return nil, err
	}
	var out []attach.Match
	for _, fn := range all {
		if !fp.fn.match(fn.Name) || !fp.module.match(moduleName(fn.Module)) || f.denied(fn) {
			continue
		}
		m, err := f.match(fn.Module, fn.Name)
		switch {
		case err == nil:
			out = append(out, m)
		case errors.Is(err, host.ErrNoBTF), errors.Is(err, host.ErrNotTraceable), errors.Is(err, host.ErrAmbiguous), errors.Is(err, errShared):
		default:
			return nil, err
		}
	}
	return sortMatches(out), nil
}

// denied reports whether a wildcard leaves a function out.
func (f *fentry) denied(fn host.Function) bool {
	if isClone(fn.Name) || fn.Module != "" && f.host.Kernel().Before(modulesSince) {
		return true
	}
	return fentryDenied[fn.Name] || f.ret && neverReturns[fn.Name]
}

// fentryDenied are functions for which the kernel refuses to load programs (btf_id_deny in kernel/bpf/verifier.c): the trampoline
// itself calls them.
var fentryDenied = setOf("migrate_disable migrate_enable rcu_read_unlock_strict preempt_count_add preempt_count_sub __rcu_read_lock __rcu_read_unlock")

// neverReturns are functions for which newer kernels (6.16) refuse to load fexit programs, since they do not return.
var neverReturns = setOf(`__ia32_sys_exit __ia32_sys_exit_group __kunit_abort __module_put_and_kthread_exit __x64_sys_exit
	__x64_sys_exit_group do_exit do_group_exit do_task_dead kthread_complete_and_exit kthread_exit make_task_dead panic
	kunit_try_catch_throw rewind_stack_and_make_dead cpu_startup_entry nmi_panic_self_stop panic_smp_self_stop rest_init`)

func setOf(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// configure makes a program one for the probe's function.
func (f *fentry) configure(spec *ebpf.ProgramSpec, p attach.Probe) error {
	spec.Type, spec.AttachType, spec.AttachTo = ebpf.Tracing, ebpf.AttachTraceFEntry, p.BTFType
	if f.ret {
		spec.AttachType = ebpf.AttachTraceFExit
	}
	if p.Program != 0 {
		return f.configureBPF(spec, p)
	}
	return nil
}

// attach hooks the function that the program was loaded for.
func (f *fentry) attach(prog *ebpf.Program, p attach.Probe) (io.Closer, error) {
	c, err := linkOrError(link.AttachTracing(link.TracingOptions{Program: prog, AttachType: ebpf.AttachNone}))
	switch {
	case errors.Is(err, unix.EBUSY), errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.EINVAL):
		return nil, fmt.Errorf("%s is not traceable (either non-existing, inlined, or marked as \"notrace\"): %w", p.Func, err)
	case errors.Is(err, ebpf.ErrNotSupported):
		return nil, fmt.Errorf("%s is not traceable by %s on this kernel, which has no trampolines or none for as many arguments: %w", p.Func, f.name, unix.EOPNOTSUPP)
	}
	return c, err
}

// list returns the functions whose types are known, with their arguments where asked.
func (f *fentry) list(q query) ([]Listed, error) {
	var out []Listed
	if q.wantsBPF() && f.host.HasBTF() {
		var err error
		if out, err = f.listBPF(q); err != nil {
			return nil, err
		}
	}
	if !f.host.HasBTF() || !f.host.HasTrampolines() || len(q.parts) > 1 && q.parts[0].text == bpfModule {
		return out, nil
	}
	all, err := f.host.Functions()
	if err != nil {
		return nil, err
	}
	module, fn := q.part(0, 2), q.part(1, 2)
	for _, k := range all {
		if !module.match(moduleName(k.Module)) || !fn.match(k.Name) {
			continue
		}
		sig, err := f.host.FunctionSignature(k.Module, k.Name)
		if err != nil { // functions without types are no probes of this kind
			continue
		}
		l := Listed{Name: f.name + ":" + moduleName(k.Module) + ":" + k.Name}
		if q.verbose {
			l.Args = sig.Decls
			if f.ret && sig.Result != nil {
				l.Args = append(l.Args, sig.ResultDecl+" retval")
			}
		}
		out = append(out, l)
	}
	return out, nil
}
