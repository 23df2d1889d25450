package codegen

import (
	"fmt"
	"io"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/codegen/emit"
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/link"
	"github.com/gtrace/gtrace/codegen/lower"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/codegen/opt"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
)

// Options is what the compiler is told besides the script and the target.
type Options struct {
	// PID restricts programs that must test it themselves to a process; 0 for all.
	PID int
	// PIDNamespace is set where gtrace does not run in the initial pid namespace: ids are then those of its own.
	PIDNamespace bool
	// DebugHelpers makes every failed read of memory a runtime error (-k).
	DebugHelpers bool
	// License is the license of the programs where the script does not give one; GPL by default, which most helpers need.
	License string
	// Objects are the object files that the script imports; nil if there are none.
	Objects *link.Set
	// Dump returns where the text of a stage goes (ir, opt, asm), or nil for nowhere. It may be nil itself.
	Dump func(stage string) io.Writer
}

// Compile makes an Object of a checked script.
func Compile(info *check.Info, t target.Target, opts Options) (*object.Object, error) {
	mod, obj, err := lower.Lower(info, t, lower.Options{PID: opts.PID, PIDNamespace: opts.PIDNamespace, DebugHelpers: opts.DebugHelpers})
	if err != nil {
		return nil, err
	}
	if err := ir.Validate(mod); err != nil {
		panic(fmt.Sprintf("BUG: codegen: %v\n%v", err, mod))
	}
	opts.dump("ir", mod)
	opt.Run(mod)
	opts.dump("opt", mod)
	if err := tooLong(mod, obj.Manifest.Programs); err != nil {
		return nil, err
	}
	results, err := emit.Module(mod, emit.Options{Target: t, ScratchMap: object.ScratchMap, LostMap: object.LostMap})
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	license := opts.license(info)
	for i, p := range obj.Manifest.Programs {
		spec := programSpec(p, license)
		var externs []string
		spec.Instructions, externs = emit.Link(results, i)
		spec.Name = emit.Rename(spec.Instructions, fmt.Sprintf("%.100s_%d", firstProbe(p), i+1))
		opts.Objects.Link(obj.Spec, spec, externs)
		if err := fits(p, spec); err != nil {
			return nil, err
		}
		obj.Spec.Programs[p.Name] = spec
	}
	for _, r := range results {
		addScratch(obj, r)
	}
	opts.dumpAsm(results)
	return obj, nil
}

// maxMaps is how many maps the kernel lets one program use.
const maxMaps = 64

// fits says of a program that is beyond what every kernel takes which limit that is.
func fits(p object.Program, spec *ebpf.ProgramSpec) error {
	maps := map[string]bool{}
	for i := range spec.Instructions {
		if in := &spec.Instructions[i]; in.IsLoadFromMap() {
			maps[in.Reference()] = true
		}
	}
	if len(maps) > maxMaps {
		return fmt.Errorf("the action of %s uses %d maps and the kernel lets one use %d: use fewer, or one map with a key", firstProbe(p), len(maps), maxMaps)
	}
	return nil
}

// firstProbe names a program to the user.
func firstProbe(p object.Program) string {
	if len(p.Probes) == 0 {
		return p.Name
	}
	return p.Probes[0].Name
}

func (o Options) license(info *check.Info) string {
	switch {
	case info.Config.License != "":
		return info.Config.License
	case o.License != "":
		return o.License
	}
	return "GPL"
}

func (o Options) writer(stage string) io.Writer {
	if o.Dump == nil {
		return nil
	}
	return o.Dump(stage)
}

func (o Options) dump(stage string, mod *ir.Module) {
	if w := o.writer(stage); w != nil {
		io.WriteString(w, mod.String())
	}
}

func (o Options) dumpAsm(results []emit.Result) {
	w := o.writer("asm")
	if w == nil {
		return
	}
	for _, r := range results {
		// A dump that cannot be written is no reason not to run the script.
		_ = emit.Dump(w, r.Insns)
	}
}

// addScratch adds the per-CPU memory that a program needs besides its stack.
func addScratch(obj *object.Object, r emit.Result) {
	if r.ScratchSize == 0 {
		return
	}
	obj.Spec.Maps[r.ScratchMap] = &ebpf.MapSpec{
		Name: r.ScratchMap, Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: uint32(r.ScratchSize), MaxEntries: uint32(r.ScratchEntries),
	}
	if r.ScratchEntries > 1 {
		lower.AddLostMap(obj)
	}
}

// programSpec says what kind of program the kernel has to load for the probes.
func programSpec(p object.Program, license string) *ebpf.ProgramSpec {
	spec := &ebpf.ProgramSpec{License: license}
	if len(p.Probes) == 0 {
		spec.Type = ebpf.RawTracepoint
		return spec
	}
	switch probe := p.Probes[0]; probe.Kind {
	case attach.KindTestRun, attach.KindRawTracepoint:
		spec.Type = ebpf.RawTracepoint
	case attach.KindKprobe:
		spec.Type = ebpf.Kprobe
	case attach.KindTracepoint:
		spec.Type = ebpf.TracePoint
	case attach.KindPerfEvent:
		spec.Type = ebpf.PerfEvent
	case attach.KindIter:
		spec.Type, spec.AttachType, spec.AttachTo = ebpf.Tracing, ebpf.AttachTraceIter, probe.BTFType
	case attach.KindXDP:
		spec.Type = ebpf.XDP
	case attach.KindTracing:
		spec.Type, spec.AttachType = ebpf.Tracing, ebpf.AttachTraceRawTp
		spec.AttachTo = probe.BTFType
		if spec.AttachTo == "" {
			spec.AttachTo = probe.Func
		}
	default:
		panic(fmt.Sprintf("BUG: codegen: unexpected kind of program %q", probe.Kind))
	}
	return spec
}
