package probe

import (
	"errors"
	"fmt"
	"io"
	"slices"

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

// Resolve reads [vmlinux:]event, with wildcards.
func (r *rawTracepoint) Resolve(pt attach.Point, _ check.ResolveOptions) ([]attach.Match, error) {
	if err := wantParts(r.Name(), pt, 2, 1); err != nil {
		return nil, err
	}
	part := len(pt.Parts)
	name := newPattern(pt.Parts[part-1])
	if part == 2 && !newPattern(pt.Parts[0]).match(kernelModule) {
		return nil, pointError(1, codeUnsupported, "rawtracepoints of modules are not supported yet")
	}
	if name.text == "" {
		return nil, pointError(part, codeSyntax, "rawtracepoint probe must have a target")
	}
	names, err := r.names(name, part)
	if err != nil {
		return nil, err
	}
	var out []attach.Match
	for _, n := range names {
		m, err := r.match(n)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return sortMatches(out), nil
}

func (r *rawTracepoint) names(name pattern, part int) ([]string, error) {
	all, err := r.host.RawTracepoints()
	if err != nil {
		return nil, err
	}
	if name.isWild() {
		var out []string
		for _, n := range all {
			if name.match(n) {
				out = append(out, n)
			}
		}
		return out, nil
	}
	if _, ok := slices.BinarySearch(all, name.text); !ok {
		return nil, r.noMatch(name.text, part, all)
	}
	return []string{name.text}, nil
}

func (r *rawTracepoint) noMatch(name string, part int, all []string) error {
	err := noMatch(r.Name(), part, name, diag.Nearest(name, all))
	if ok, herr := r.host.HasTracepoint("syscalls", name); herr == nil && ok {
		err.Hint = fmt.Sprintf("system calls have no raw tracepoints of their own: use tracepoint:syscalls:%s", name)
	}
	return err
}

// match describes a raw tracepoint: by BTF, with typed arguments, where the kernel has it.
func (r *rawTracepoint) match(name string) (attach.Match, error) {
	p := attach.Probe{
		Provider: r.Name(), Name: r.Name() + ":" + kernelModule + ":" + name, Kind: attach.KindTracing,
		Target: kernelModule, Func: name, BTFType: name,
	}
	fields, err := r.host.RawTracepointArgs(name)
	if errors.Is(err, host.ErrNoBTF) {
		p.Kind, p.BTFType = attach.KindRawTracepoint, ""
		return attach.Match{Probe: p, Context: untypedContext()}, nil
	}
	if err != nil {
		return attach.Match{}, err
	}
	return attach.Match{Probe: p, Context: typedContext(name, fields)}, nil
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
	if !module.match(kernelModule) {
		return nil, nil
	}
	var out []Listed
	for _, n := range all {
		if !name.match(n) {
			continue
		}
		l := Listed{Name: r.Name() + ":" + kernelModule + ":" + n}
		if q.verbose {
			l.Args, err = r.host.RawTracepointDecls(n)
			if err != nil && !errors.Is(err, host.ErrNoBTF) {
				return nil, err
			}
		}
		out = append(out, l)
	}
	return out, nil
}
