package lower

import (
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// Options is what the lowering is told besides the script and the target.
type Options struct {
	// PID restricts programs that must test it themselves to a process; 0 for all.
	PID int
	// PIDNamespace is set where gtrace runs in a pid namespace of its own: process and thread ids are those of that namespace.
	PIDNamespace bool
	// DebugHelpers makes every failed read of memory a runtime error event.
	DebugHelpers bool
}

// module is the state of one compilation.
type module struct {
	info    *check.Info
	target  target.Target
	opts    Options
	catalog *stdlib.Catalog

	mod  *ir.Module
	obj  *object.Object
	maps map[string]*mapInfo
	// events finds the id of an event that was made before.
	events map[string]int
	// sources finds the index of a source file in the manifest.
	sources map[*diag.File]int
	// subs are the subprograms: they follow the programs in the module.
	subs []*ir.Func
	// functions are the functions of the script that are called.
	functions map[functionKey]*function
	// once are the subprograms that the verifier follows once, work how much working memory programs need for them.
	once map[onceKey]string
	work map[string]workMemory
	// zero is the largest value that map updates need a zero source for.
	zero int
	// countsFrames is set if the script asks for the number of frames of a stack.
	countsFrames bool
	// tables are the tables of texts that programs look into.
	tables map[string]stdlib.Table
	// literals are the bytes of LiteralsMap, literalAt where each of its strings begins.
	literals  []byte
	literalAt map[string]int64
	// errs are what the target cannot do.
	errs diag.List
}

// Lower makes IR and an Object without programs of a checked script. The programs of the manifest are named as the functions
// of the module and are in the same order. It fails, with an *Error, where the script needs what the target does not have.
func Lower(info *check.Info, t target.Target, opts Options) (*ir.Module, *object.Object, error) {
	m := &module{
		info: info, target: t, opts: opts, catalog: stdlib.New(),
		mod: &ir.Module{},
		obj: &object.Object{Spec: &ebpf.CollectionSpec{
			Maps: map[string]*ebpf.MapSpec{}, Programs: map[string]*ebpf.ProgramSpec{},
		}},
		maps: map[string]*mapInfo{}, tables: map[string]stdlib.Table{}, literalAt: map[string]int64{}, events: map[string]int{}, sources: map[*diag.File]int{},
		functions: map[functionKey]*function{}, once: map[onceKey]string{}, work: map[string]workMemory{},
	}
	m.obj.Manifest.Config = configOf(info.Config)
	m.source(info.File)
	m.countsFrames = asksFrames(info)
	m.layoutMaps()
	m.findShared()
	for i, p := range info.Programs {
		name := fmt.Sprintf("gt_%d", i)
		m.mod.Funcs = append(m.mod.Funcs, m.program(name, p))
		m.obj.Manifest.Programs = append(m.obj.Manifest.Programs, object.Program{Name: name, Probes: p.Probes})
	}
	m.mod.Funcs = append(m.mod.Funcs, m.reachable()...)
	m.finishMaps()
	if m.errs.HasErrors() {
		return nil, nil, &Error{Diags: m.errs.All()}
	}
	return m.mod, m.obj, nil
}

// Error says what a script needs that the target does not have.
type Error struct{ Diags []diag.Diagnostic }

// Error returns the first message.
func (e *Error) Error() string { return e.Diags[0].Message }

func configOf(c check.Config) object.Config {
	return object.Config{
		PrintMapsOnExit: c.PrintMapsOnExit, StrTruncTrailer: c.StrTruncTrailer, MaxMapKeys: c.MaxMapKeys,
		MaxStrlen: c.MaxStrlen, MaxCatBytes: c.MaxCatBytes, StackMode: c.StackMode, MissingProbes: c.MissingProbes, LogSize: c.LogSize,
		CppDemangle: c.CppDemangle, CacheUserSymbols: c.CacheUserSymbols, LazySymbolication: c.LazySymbolication,
		ShowDebugInfo: c.ShowDebugInfo, PacketPages: packetPages(c.RingBufPages),
	}
}

// source returns the index of a file in the manifest.
func (m *module) source(f *diag.File) int {
	if f == nil {
		f = &diag.File{}
	}
	if i, ok := m.sources[f]; ok {
		return i
	}
	src := object.Source{Name: f.Name, Text: f.Text}
	if f.From.IsValid() {
		src = object.Source{Copy: &object.Copy{Source: m.source(f.Original), From: m.place(f.From)}}
	}
	i := len(m.obj.Manifest.Sources)
	m.sources[f] = i
	m.obj.Manifest.Sources = append(m.obj.Manifest.Sources, src)
	return i
}

func (m *module) place(s diag.Span) object.Place {
	if !s.IsValid() {
		return object.Place{}
	}
	return object.Place{Source: m.source(s.File), Start: s.Start, End: s.End}
}

// need reports whether the target has a feature, and says so to the user where it does not.
func (m *module) need(f target.Feature, span diag.Span, what string) bool {
	if m.target.Has(f) {
		return true
	}
	m.errs.Errorf(span, "unsupported-kernel", "%s needs %v, which kernels have from %v on", what, f, f.Since())
	return false
}

func sizeof(t types.Type) int64 { return int64(types.Sizeof(t)) }

// asksFrames reports whether a script asks stacks for the number of their frames.
func asksFrames(info *check.Info) bool {
	for _, sig := range info.Calls {
		if sig.Frames {
			return true
		}
	}
	return false
}
