package probe

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/host"
)

// tracepoint is the kernel's static events as tracefs lists them.
type tracepoint struct{ host *host.Host }

// Name returns tracepoint.
func (t *tracepoint) Name() string { return "tracepoint" }

// Resolve reads category:event, with wildcards in both.
func (t *tracepoint) Resolve(pt attach.Point, opts check.ResolveOptions) ([]attach.Match, error) {
	if err := wantParts(t.Name(), pt, 2); err != nil {
		return nil, err
	}
	category, name := newPattern(pt.Parts[0]), newPattern(pt.Parts[1])
	if category.text == "" || name.text == "" {
		return nil, pointError(wholePoint, codeSyntax, "tracepoint probe must have a target")
	}
	events, err := t.events(category, name)
	if err != nil {
		return nil, err
	}
	var out []attach.Match
	for _, e := range events {
		ctx, err := t.context(e, opts.NeedArgs)
		if err != nil {
			return nil, err
		}
		out = append(out, attach.Match{Probe: tracepointProbe(e), Context: ctx})
	}
	return sortMatches(out), nil
}

func tracepointProbe(e host.Event) attach.Probe {
	return attach.Probe{
		Provider: "tracepoint", Name: "tracepoint:" + e.String(), Kind: attach.KindTracepoint, Target: e.Category, Func: e.Name,
	}
}

// events returns the events that two patterns stand for. It lists nothing if there is no wildcard.
func (t *tracepoint) events(category, name pattern) ([]host.Event, error) {
	if !category.isWild() && !name.isWild() {
		ok, err := t.host.HasTracepoint(category.text, name.text)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, t.noMatch(category.text, name.text)
		}
		return []host.Event{{Category: category.text, Name: name.text}}, nil
	}
	all, err := t.host.Tracepoints()
	if err != nil {
		return nil, err
	}
	var out []host.Event
	for _, e := range all {
		if category.match(e.Category) && name.match(e.Name) {
			out = append(out, e)
		}
	}
	return out, nil
}

// noMatch suggests an event of the same category, then the same name elsewhere, then anything near.
func (t *tracepoint) noMatch(category, name string) error {
	written := category + ":" + name
	all, err := t.host.Tracepoints()
	if err != nil {
		return err
	}
	var sameCategory, sameName, full []string
	for _, e := range all {
		full = append(full, e.String())
		if e.Category == category {
			sameCategory = append(sameCategory, e.Name)
		}
		if e.Name == name {
			sameName = append(sameName, e.String())
		}
	}
	if near := diag.Nearest(name, sameCategory); near != "" {
		return noMatch(t.Name(), 2, written, category+":"+near)
	}
	if len(sameName) > 0 {
		return noMatch(t.Name(), 1, written, sameName[0])
	}
	return noMatch(t.Name(), wholePoint, written, diag.Nearest(written, full))
}

// context returns what programs at an event see. Without arguments all events look the same.
func (t *tracepoint) context(e host.Event, needArgs bool) (*attach.Context, error) {
	ctx := &attach.Context{ID: "tracepoint", Stack: true, PIDFilter: "body"}
	if !needArgs {
		return ctx, nil
	}
	space := types.SpaceKernel
	if e.Category == "syscalls" {
		space, ctx.UserSpace = types.SpaceUser, true
	}
	args, err := t.host.TracepointArgs(e.Category, e.Name, space)
	if err != nil {
		return nil, err
	}
	ctx.Args = args
	ctx.Size = args.Size
	ctx.ID = "tracepoint:" + layoutID(args, ctx.UserSpace)
	return ctx, nil
}

// layoutID returns a short text that is equal for structs of equal fields.
func layoutID(s *types.Struct, user bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v %d\n", user, s.Size)
	for _, f := range s.Fields {
		fmt.Fprintf(&b, "%s %s %d %d %d %v\n", f.Name, f.Type, f.Offset, f.BitOffset, f.BitSize, f.DataLoc)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:8])
}

// attach opens the event on all CPUs and for all processes.
func (t *tracepoint) attach(prog *ebpf.Program, p attach.Probe) (io.Closer, error) {
	id, err := t.host.TracepointID(p.Target, p.Func)
	if err != nil {
		return nil, err
	}
	attr := &unix.PerfEventAttr{
		Type: unix.PERF_TYPE_TRACEPOINT, Config: id, Sample: 1, Sample_type: unix.PERF_SAMPLE_RAW, Wakeup: 1,
		Bits: unix.PerfBitDisabled,
	}
	c, err := attachPerfEvent(prog, attr, -1, 0)
	if errors.Is(err, unix.E2BIG) {
		return nil, fmt.Errorf("%d programs are attached to it, and the kernel allows no more: put what they do into fewer probes", maxPrograms)
	}
	return c, err
}

// maxPrograms is how many programs the kernel lets be attached to a tracepoint (BPF_TRACE_MAX_PROGS).
const maxPrograms = 64

// list returns the events, with the declarations of their fields where asked.
func (t *tracepoint) list(q query) ([]Listed, error) {
	all, err := t.host.Tracepoints()
	if err != nil {
		return nil, err
	}
	category, name := q.part(0, 2), q.part(1, 2)
	var out []Listed
	for _, e := range all {
		if !category.match(e.Category) || !name.match(e.Name) {
			continue
		}
		l := Listed{Name: "tracepoint:" + e.String()}
		if q.verbose {
			if l.Args, err = t.declarations(e); err != nil {
				return nil, err
			}
		}
		out = append(out, l)
	}
	return out, nil
}

func (t *tracepoint) declarations(e host.Event) ([]string, error) {
	format, err := t.host.TracepointFormat(e.Category, e.Name)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, f := range format.Args() {
		out = append(out, f.Decl)
	}
	return out, nil
}
