package host

import (
	"errors"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"

	"github.com/gtrace/gtrace/lang/attach"
)

// Kfunc reports whether the kernel has a function for programs, and whether those of a kind may call it. Where the kernel cannot be
// asked, they may not.
func (h *Host) Kfunc(kind attach.Kind, name string) (exists, allowed bool) {
	if h.recorded() {
		return false, false
	}
	spec, err := h.loadSpec()
	if err != nil {
		return false, false
	}
	var fn *btf.Func
	if err := spec.TypeByName(name, &fn); err != nil {
		return false, false
	}
	id, err := spec.TypeID(fn)
	if err != nil {
		return false, false
	}
	return true, mayCall(kind, id)
}

// mayCall loads a program that calls a function with nothing in its arguments, and looks at what the verifier has against it.
func mayCall(kind attach.Kind, id btf.TypeID) bool {
	spec := &ebpf.ProgramSpec{Name: "kfunc", Type: ebpf.Kprobe, License: "GPL", Instructions: asm.Instructions{
		asm.Mov.Imm(asm.R1, 0), asm.Mov.Imm(asm.R2, 0), asm.Mov.Imm(asm.R3, 0), asm.Mov.Imm(asm.R4, 0), asm.Mov.Imm(asm.R5, 0),
		asm.Instruction{OpCode: asm.OpCode(asm.JumpClass).SetJumpOp(asm.Call), Src: asm.PseudoKfuncCall, Constant: int64(id)},
		asm.Mov.Imm(asm.R0, 0), asm.Return(),
	}}
	switch kind {
	case attach.KindTestRun, attach.KindRawTracepoint:
		spec.Type = ebpf.RawTracepoint
	case attach.KindTracepoint:
		spec.Type = ebpf.TracePoint
	case attach.KindPerfEvent:
		spec.Type = ebpf.PerfEvent
	case attach.KindTracing:
		spec.Type, spec.AttachType, spec.AttachTo = ebpf.Tracing, ebpf.AttachTraceFEntry, "bpf_fentry_test1"
	default: // kprobes, uprobes and what is like them
	}
	prog, err := ebpf.NewProgram(spec)
	if err == nil {
		return prog.Close() == nil
	}
	var ve *ebpf.VerifierError
	if !errors.As(err, &ve) {
		return false
	}
	return !strings.Contains(strings.Join(ve.Log, "\n"), "is not allowed")
}
