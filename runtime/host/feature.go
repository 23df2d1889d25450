package host

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/target"
)

// featureCache holds the conclusive answers of feature checks.
type featureCache struct {
	mu    sync.Mutex
	known map[target.Feature]bool
}

// Has reports whether the kernel has a feature. Where the kernel cannot be asked, for lack of privilege say, its version decides.
func (h *Host) Has(f target.Feature) bool {
	h.features.mu.Lock()
	defer h.features.mu.Unlock()
	if has, ok := h.features.known[f]; ok {
		return has
	}
	err := h.HaveFeature(f)
	has := err == nil
	if err != nil && !errors.Is(err, ErrNotSupported) {
		return !h.Kernel().Before(f.Since())
	}
	if h.features.known == nil {
		h.features.known = map[target.Feature]bool{}
	}
	h.features.known[f] = has
	return has
}

// Forgo lets the kernel appear without some features.
func (h *Host) Forgo(fs ...target.Feature) {
	h.features.mu.Lock()
	defer h.features.mu.Unlock()
	if h.features.known == nil {
		h.features.known = map[target.Feature]bool{}
	}
	for _, f := range fs {
		h.features.known[f] = false
	}
}

// HaveFeature asks the kernel for a feature. The error is an *Unsupported if the kernel lacks it; any other error means that it
// could not be told.
func (h *Host) HaveFeature(f target.Feature) error {
	check := h.featureChecks()[f]
	if h.recorded() || check == nil {
		if h.Kernel().Before(f.Since()) {
			return &Unsupported{Feature: f.String(), Since: f.Since()}
		}
		return nil
	}
	err := check()
	if errors.Is(err, ebpf.ErrNotSupported) {
		return &Unsupported{Feature: f.String(), Since: f.Since()}
	}
	if err != nil {
		return fmt.Errorf("check for %s: %w", f, err)
	}
	return nil
}

// featureChecks are the checks by feature. Features that are not in it go by the version of the kernel.
func (h *Host) featureChecks() map[target.Feature]func() error {
	helper := func(fn asm.BuiltinFunc) func() error {
		return func() error { return features.HaveProgramHelper(ebpf.Kprobe, fn) }
	}
	return map[target.Feature]func() error{
		target.RingBuf:         func() error { return features.HaveMapType(ebpf.RingBuf) },
		target.ProbeReadKernel: helper(asm.FnProbeReadKernel),
		target.GetFuncIP:       helper(asm.FnGetFuncIp),
		target.AttachCookie:    helper(asm.FnGetAttachCookie),
		target.Loop:            helper(asm.FnLoop),
		target.ForEachMapElem:  helper(asm.FnForEachMapElem),
		target.MapLookupPercpu: helper(asm.FnMapLookupPercpuElem),
		target.KtimeBoot:       helper(asm.FnKtimeGetBootNs),
		target.KtimeTAI:        helper(asm.FnKtimeGetTaiNs),
		target.CurrentTaskBTF:  helper(asm.FnGetCurrentTaskBtf),
		target.TaskPtRegs:      helper(asm.FnTaskPtRegs),
		target.NsPidTgid:       helper(asm.FnGetNsCurrentPidTgid),
		target.BoundedLoops:    features.HaveBoundedLoops,
		target.CPUv4:           haveCPUv4,
		target.KprobeMulti:     features.HaveBPFLinkKprobeMulti,
		target.KprobeSession:   features.HaveBPFLinkKprobeSession,
		target.UprobeMulti:     features.HaveBPFLinkUprobeMulti,
		target.AtomicFetch:     haveAtomicFetch,
		target.LargeMapKeys:    haveLargeMapKeys,
		target.TaskFromPID:     h.haveKfunc("bpf_task_from_pid"),
		target.UprobePreempt:   havePreemptedUprobes,
	}
}

// havePreemptedUprobes looks for a kernel that may be preemptible: with PREEMPT_DYNAMIC that is decided, and can be changed, while it
// runs.
func havePreemptedUprobes() error {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err
	}
	release := parseRelease(unix.ByteSliceToString(u.Release[:]))
	if release.Before(target.UprobePreempt.Since()) || !strings.Contains(unix.ByteSliceToString(u.Version[:]), "PREEMPT") {
		return ebpf.ErrNotSupported
	}
	return nil
}

// haveLargeMapKeys makes a hash map with a large key. Older kernels refuse it with E2BIG.
func haveLargeMapKeys() error {
	m, err := ebpf.NewMap(&ebpf.MapSpec{Name: "large_key", Type: ebpf.Hash, KeySize: 1024, ValueSize: 4, MaxEntries: 1})
	if errors.Is(err, unix.E2BIG) {
		return fmt.Errorf("large key: %w", ebpf.ErrNotSupported)
	}
	if err != nil {
		return err
	}
	return m.Close()
}

// haveAtomicFetch loads a program that adds to its stack and fetches the old value.
func haveAtomicFetch() error {
	add := asm.FetchAdd.Mem(asm.RFP, asm.R1, asm.DWord, -8)
	add.Constant = 1 // BPF_FETCH: cilium/ebpf 0.22 leaves it out, and without it old kernels take the program for a plain addition
	return loads("atomic_fetch", asm.Instructions{
		asm.Mov.Imm(asm.R1, 1),
		asm.StoreMem(asm.RFP, -8, asm.R1, asm.DWord),
		add,
		asm.Mov.Imm(asm.R0, 0),
		asm.Return(),
	})
}

// haveCPUv4 loads a program that divides signed numbers. The library's check for the same tries a long jump, which kernels from
// 5.11 to 6.5 take for a short one.
func haveCPUv4() error {
	return loads("cpu_v4", asm.Instructions{
		asm.Mov.Imm(asm.R0, -7),
		asm.SDiv.Imm(asm.R0, 2),
		asm.Mov.Imm(asm.R0, 0),
		asm.Return(),
	})
}

// loads reports whether the kernel takes a program: nil, ErrNotSupported where the verifier rejects it, or why it could not be told.
func loads(name string, insns asm.Instructions) error {
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Name: name, Type: ebpf.SocketFilter, License: "GPL", Instructions: insns})
	switch ve := (*ebpf.VerifierError)(nil); {
	case errors.As(err, &ve):
		return fmt.Errorf("%s: %w", name, ebpf.ErrNotSupported)
	case err != nil:
		return err
	}
	return prog.Close()
}
