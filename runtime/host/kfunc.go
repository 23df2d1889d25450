package host

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"

	"github.com/gtrace/gtrace/lang/attach"
)

// kfuncCache holds what the kernel said about its functions.
type kfuncCache struct {
	mu      sync.Mutex
	allowed map[kfuncUse]bool
}

type kfuncUse struct {
	kind attach.Kind
	name string
}

// Kfunc reports whether the kernel has a function for programs, and whether those of a kind may call it. Where the kernel cannot be
// asked, they may not.
func (h *Host) Kfunc(kind attach.Kind, name string) (exists, allowed bool) {
	if h.recorded() {
		return false, false
	}
	id, err := h.kfuncID(name)
	if err != nil {
		return false, false
	}
	h.kfuncs.mu.Lock()
	defer h.kfuncs.mu.Unlock()
	use := kfuncUse{kind, name}
	allowed, known := h.kfuncs.allowed[use]
	if !known {
		allowed = h.mayCall(kind, id)
		if h.kfuncs.allowed == nil {
			h.kfuncs.allowed = map[kfuncUse]bool{}
		}
		h.kfuncs.allowed[use] = allowed
	}
	return true, allowed
}

// kfuncID returns the number of a function in the running kernel's types. The error wraps btf.ErrNotFound if there is none.
func (h *Host) kfuncID(name string) (btf.TypeID, error) {
	k, err := h.btf() // the one that knows the types already: to read those of a function alone takes a tenth of a second
	if err != nil {
		return 0, err
	}
	var fn *btf.Func
	if err := k.spec.TypeByName(name, &fn); err != nil {
		return 0, fmt.Errorf("find the kernel's function %s: %w", name, err)
	}
	return k.spec.TypeID(fn)
}

// LinkKfuncs returns instructions in which calls of the kernel's functions, which the compiler made by name, have the running
// kernel's numbers.
func (h *Host) LinkKfuncs(insns asm.Instructions) (asm.Instructions, error) {
	out := slices.Clone(insns)
	for i := range out {
		if !out[i].IsKfuncCall() {
			continue
		}
		id, err := h.kfuncID(out[i].Reference())
		if err != nil {
			return nil, err
		}
		out[i].Constant = int64(id)
	}
	return out, nil
}

// haveKfunc is the check for a feature that is a function of the kernel.
func (h *Host) haveKfunc(name string) func() error {
	return func() error {
		_, err := h.kfuncID(name)
		if errors.Is(err, btf.ErrNotFound) {
			return fmt.Errorf("%w: %w", err, ebpf.ErrNotSupported)
		}
		return err
	}
}

// mayCall loads a program that calls a function with nothing in its arguments, and looks at what the verifier has against it.
func (h *Host) mayCall(kind attach.Kind, id btf.TypeID) bool {
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
	case attach.KindXDP:
		spec.Type = ebpf.XDP
	case attach.KindTracing, attach.KindIter:
		spec.Type, spec.AttachType, spec.AttachTo = ebpf.Tracing, ebpf.AttachTraceRawTp, "sys_enter"
	default: // kprobes, uprobes and what is like them
	}
	err := h.tryProgram(spec)
	if err == nil {
		return true
	}
	var ve *ebpf.VerifierError
	if !errors.As(err, &ve) {
		return false
	}
	log := strings.Join(ve.Log, "\n")
	return !strings.Contains(log, "is not allowed") && !strings.Contains(log, "reserved fields") // the latter before 5.13
}

// tryProgram reports whether a program can be loaded. If it has to name one of the kernel's types, that comes from those that are read already.
func (h *Host) tryProgram(spec *ebpf.ProgramSpec) error {
	coll, err := ebpf.NewCollectionWithOptions(&ebpf.CollectionSpec{Programs: map[string]*ebpf.ProgramSpec{spec.Name: spec}},
		ebpf.CollectionOptions{Cache: h.TypeCache()})
	if err != nil {
		return err
	}
	coll.Close()
	return nil
}
