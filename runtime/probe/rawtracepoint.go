package probe

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/host"
)

// rawTracepoint is the kernel's static events without the record: programs get the arguments of the call.
type rawTracepoint struct{ host *host.Host }

// maxRawArgs is the largest number of arguments of a raw tracepoint.
const maxRawArgs = 12

// Name returns rawtracepoint.
func (r *rawTracepoint) Name() string { return "rawtracepoint" }

// Resolve reads [module:]event, with wildcards in both.
func (r *rawTracepoint) Resolve(pt attach.Point, _ check.ResolveOptions) ([]attach.Match, error) {
	if err := wantParts(r.Name(), pt, 2, 1); err != nil {
		return nil, err
	}
	part := len(pt.Parts)
	name := newPattern(pt.Parts[part-1])
	module := newPattern("*")
	if part == 2 {
		module = newPattern(pt.Parts[0])
	}
	if name.text == "" {
		return nil, pointError(part, codeSyntax, "rawtracepoint probe must have a target")
	}
	all, err := r.host.RawTracepoints()
	if err != nil {
		return nil, err
	}
	var out []attach.Match
	for _, e := range all {
		if !module.match(moduleName(e.Module)) || !name.match(e.Name) {
			continue
		}
		m, err := r.match(e)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	if len(out) == 0 && !name.isWild() && !module.isWild() || len(out) == 0 && part == 1 && !name.isWild() {
		return nil, r.noMatch(name.text, strings.Join(pt.Parts, ":"), part, all)
	}
	return sortMatches(out), nil
}

// noMatch suggests an event of the same module, if there is one.
func (r *rawTracepoint) noMatch(name, written string, part int, all []host.RawTracepoint) error {
	prefix := strings.TrimSuffix(written, name)
	var names []string
	for _, e := range all {
		if prefix == "" || prefix == moduleName(e.Module)+":" {
			names = append(names, e.Name)
		}
	}
	near := diag.Nearest(name, names)
	if near != "" {
		near = prefix + near
	}
	err := noMatch(r.Name(), part, written, near)
	if ok, herr := r.host.HasTracepoint("syscalls", name); herr == nil && ok {
		err.Hint = fmt.Sprintf("system calls have no raw tracepoints of their own: use tracepoint:syscalls:%s", name)
	}
	return err
}

// match describes a raw tracepoint: by BTF, with typed arguments, where the kernel has it.
func (r *rawTracepoint) match(e host.RawTracepoint) (attach.Match, error) {
	module, name := moduleName(e.Module), e.Name
	p := attach.Probe{
		Provider: r.Name(), Name: r.Name() + ":" + module + ":" + name, Kind: attach.KindTracing,
		Target: module, Func: name, BTFType: name,
	}
	fields, err := r.host.RawTracepointArgs(e.Module, name)
	if errors.Is(err, host.ErrNoBTF) {
		p.Kind, p.BTFType = attach.KindRawTracepoint, ""
		return attach.Match{Probe: p, Context: untypedContext()}, nil
	}
	if err != nil {
		return attach.Match{}, err
	}
	return attach.Match{Probe: p, Context: typedContext(module+":"+name, fields)}, nil
}

func untypedContext() *attach.Context {
	return &attach.Context{
		ID: "rawtracepoint", ArgN: wordArgs(maxRawArgs), Stack: true, PIDFilter: "body", Size: 8 * maxRawArgs,
	}
}

func typedContext(name string, fields []types.Field) *attach.Context {
	ctx := &attach.Context{
		ArgN: wordArgs(len(fields)), Stack: true, PIDFilter: "body", Size: 8 * len(fields),
		Args: &types.Struct{Name: "rawtracepoint:" + kernelModule + ":" + name + "_args", Size: 8 * len(fields), Align: 8},
	}
	for _, f := range fields {
		if f.Name != "" {
			ctx.Args.Fields = append(ctx.Args.Fields, f)
		}
	}
	if len(ctx.Args.Fields) == 0 && len(fields) > 0 {
		ctx.Args = nil
	}
	ctx.ID = "rawtracepoint:" + name // the verifier checks each program against the types of its own tracepoint
	return ctx
}

func wordArgs(n int) []attach.Value {
	var out []attach.Value
	for i := range n {
		out = append(out, attach.Value{Name: fmt.Sprintf("arg%d", i), Type: types.Uint64, Offset: 8 * i, Size: 8})
	}
	return out
}

// attach hooks the event. A typed program knows which one from its load.
func (r *rawTracepoint) attach(prog *ebpf.Program, p attach.Probe) (io.Closer, error) {
	if p.Kind == attach.KindTracing {
		return linkOrError(link.AttachTracing(link.TracingOptions{Program: prog, AttachType: ebpf.AttachTraceRawTp}))
	}
	return linkOrError(link.AttachRawTracepoint(link.RawTracepointOptions{Name: p.Func, Program: prog}))
}

// list returns the events, with their arguments where asked.
func (r *rawTracepoint) list(q query) ([]Listed, error) {
	all, err := r.host.RawTracepoints()
	if err != nil {
		return nil, err
	}
	module, name := q.part(0, 2), q.part(1, 2)
	var out []Listed
	for _, e := range all {
		if !module.match(moduleName(e.Module)) || !name.match(e.Name) {
			continue
		}
		l := Listed{Name: r.Name() + ":" + moduleName(e.Module) + ":" + e.Name}
		if q.verbose {
			l.Args, err = r.host.RawTracepointDecls(e.Module, e.Name)
			if err != nil && !errors.Is(err, host.ErrNoBTF) {
				return nil, err
			}
		}
		out = append(out, l)
	}
	return out, nil
}
