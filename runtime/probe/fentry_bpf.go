package probe

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/host"
)

// bpfModule stands in the place of the module for functions of BPF programs.
const bpfModule = "bpf"

// bpfPoint is an attach point bpf:[id:]function.
type bpfPoint struct {
	// id is the number of a program, or everything.
	id, fn pattern
	fnPart int
	hasID  bool
}

// resolveBPF reads bpf:[id:]function, with wildcards in both: functions of BPF programs that the kernel has now.
func (f *fentry) resolveBPF(pt attach.Point) ([]attach.Match, error) {
	bp, perr := f.parseBPF(pt)
	switch {
	case perr != nil:
		return nil, perr
	case !f.host.HasBTF():
		return nil, f.missing(functionPoint{written: strings.Join(pt.Parts, ":"), fn: bp.fn})
	}
	all, err := f.host.BPFFunctions()
	if err != nil {
		return nil, err
	}
	var out []attach.Match
	var names []string
	for _, fn := range all {
		if !bp.id.match(fmt.Sprint(fn.Program)) {
			continue
		}
		names = append(names, fn.Name)
		if !bp.fn.match(fn.Name) {
			continue
		}
		m, err := f.bpfMatch(fn)
		switch {
		case err == nil:
			out = append(out, m)
		case bp.fn.isWild() && errors.Is(err, host.ErrNotTraceable):
		default:
			return nil, pointError(bp.fnPart, codeUnsupported, "%s is %v", fn.Name, err)
		}
	}
	if len(out) == 0 && !bp.fn.isWild() {
		return nil, f.noBPFFunction(bp, names)
	}
	return sortMatches(out), nil
}

func (f *fentry) parseBPF(pt attach.Point) (bpfPoint, *check.PointError) {
	bp := bpfPoint{id: newPattern("*"), fnPart: 2}
	switch len(pt.Parts) {
	case 2:
	case 3:
		bp.id, bp.hasID, bp.fnPart = newPattern(pt.Parts[1]), true, 3
		if _, err := strconv.ParseUint(pt.Parts[1], 10, 32); err != nil && pt.Parts[1] != "*" {
			return bp, pointError(2, codeSyntax, "bpf program id must be a number or '*'")
		}
	case 1:
		return bp, pointError(wholePoint, codeSyntax, "the 'bpf' variant of this probe requires a bpf program name and optional bpf program id")
	default:
		return bp, pointError(wholePoint, codeSyntax, "%s probe type requires 1 or 3 arguments, found %d", f.name, len(pt.Parts))
	}
	bp.fn = newPattern(pt.Parts[bp.fnPart-1])
	if bp.fn.text == "" {
		return bp, pointError(bp.fnPart, codeSyntax, "fentry/fexit should specify a function")
	}
	return bp, nil
}

func (f *fentry) noBPFFunction(bp bpfPoint, names []string) error {
	near := diag.Nearest(bp.fn.text, names)
	if near != "" {
		near = bpfModule + ":" + near
	}
	err := noMatch(f.name, bp.fnPart, bpfModule+":"+bp.fn.text, near)
	switch {
	case near != "":
	case bp.hasID && len(names) == 0:
		err.Hint = "there is no BPF program " + bp.id.text + " with type information; gtrace -l '" + f.name + ":bpf:*' lists those that there are"
	default:
		err.Hint = "gtrace -l '" + f.name + ":bpf:*' lists the functions of BPF programs"
	}
	return err
}

// bpfMatch describes a function of a BPF program. The verifier only knows the types of its numbers; pointers are copied.
func (f *fentry) bpfMatch(fn host.BPFFunction) (attach.Match, error) {
	sig, err := f.host.BPFSignature(fn)
	if err != nil {
		return attach.Match{}, err
	}
	p := attach.Probe{
		Provider: f.name, Name: bpfName(f.name, fn), Kind: attach.KindTracing, Return: f.ret,
		Target: bpfModule, Func: fn.Name, BTFType: fn.Name, Program: uint32(fn.Program),
	}
	ctx := &attach.Context{
		ID: p.Name, Func: "name", Stack: true, PIDFilter: "body", Size: sig.ResultOffset, Copied: true,
		Args: &types.Struct{Name: p.Name + "_args", Size: sig.ResultOffset, Align: 8, Fields: sig.Params},
	}
	// Where the result is depends on whether the verifier believed the target's types, which only the kernel knows.
	if f.ret && sig.Result != nil && f.host.Has(target.GetFuncRet) {
		ctx.Retval = &attach.Value{
			Name: "retval", Type: sig.Result, Size: types.Sizeof(sig.Result),
			Operand: &attach.Operand{Kind: attach.OperandResult, Signed: types.IsSigned(sig.Result), Index: -1},
		}
	}
	return attach.Match{Probe: p, Context: ctx}, nil
}

func bpfName(provider string, fn host.BPFFunction) string {
	return fmt.Sprintf("%s:%s:%d:%s", provider, bpfModule, fn.Program, fn.Name)
}

// configureBPF makes a program one for a function of another one, which is opened and must be closed after the load.
func (f *fentry) configureBPF(spec *ebpf.ProgramSpec, p attach.Probe) error {
	prog, err := ebpf.NewProgramFromID(ebpf.ProgramID(p.Program))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("BPF program %d with the function %s is gone: %w", p.Program, p.Func, err)
	}
	if err != nil {
		return fmt.Errorf("open BPF program %d: %w", p.Program, err)
	}
	spec.AttachTarget = prog
	return nil
}

// listBPF returns the functions of BPF programs, as bpf:id:function; the id may be left out.
func (f *fentry) listBPF(q query) ([]Listed, error) {
	all, err := f.host.BPFFunctions()
	if err != nil {
		return nil, err
	}
	var out []Listed
	for _, fn := range all {
		if !q.bpfPart(-2).match(fmt.Sprint(fn.Program)) || !q.bpfPart(-1).match(fn.Name) {
			continue
		}
		l := Listed{Name: bpfName(f.name, fn)}
		if q.verbose {
			if sig, err := f.host.BPFSignature(fn); err == nil {
				l.Args = sig.Decls
				if f.ret && sig.Result != nil {
					l.Args = append(l.Args, sig.ResultDecl+" retval")
				}
			}
		}
		out = append(out, l)
	}
	return out, nil
}

// bpfPart returns the pattern for a part, counted from the last, of a listing that begins with bpf or names only a function.
func (q query) bpfPart(fromLast int) pattern {
	if len(q.parts) == 1 && fromLast == -1 {
		return q.parts[0]
	}
	if i := len(q.parts) + fromLast; i > 0 {
		return q.parts[i]
	}
	return newPattern("*")
}

// wantsBPF reports whether a listing asks for functions of BPF programs too. The parts before the function must be those of one.
func (q query) wantsBPF() bool {
	switch len(q.parts) {
	case 1:
		return true
	case 2, 3:
		return q.parts[0].match(bpfModule)
	}
	return false
}
