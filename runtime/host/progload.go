package host

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	goruntime "runtime"
	"slices"
	"strings"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// progLoad is the kernel's union bpf_attr for BPF_PROG_LOAD, up to what names the function that a program is for.
type progLoad struct {
	progType, insnCount           uint32
	insns, license                uint64
	logLevel, logSize             uint32
	logBuf                        uint64
	kernelVersion, flags          uint32
	name                          [16]byte
	ifindex, attachType           uint32
	types, funcSize               uint32
	funcs                         uint64
	funcCount, lineSize           uint32
	lines                         uint64
	lineCount, attachID, attachTo uint32
	_                             uint32
	_                             uint64
}

// logSize is the size of the buffer for the verifier's log.
const logSize = 1 << 20

// LoadForModule loads a program for a function of a module. The library would take the name alone for it, and load the program for another
// function of that name, in the kernel itself or another module. The maps that the program refers to are taken by name. A program that the
// kernel rejects is an *ebpf.VerifierError.
func (h *Host) LoadForModule(spec *ebpf.ProgramSpec, module, fn string, maps map[string]*ebpf.Map, level ebpf.LogLevel) (*ebpf.Program, error) {
	object, id, err := h.moduleFunction(module, fn)
	if err != nil {
		return nil, err
	}
	defer object.Close()
	insns := slices.Clone(spec.Instructions)
	for name, m := range maps {
		if err := insns.AssociateMap(name, m); err != nil && !errors.Is(err, asm.ErrUnreferencedSymbol) {
			return nil, err
		}
	}
	var b btf.Builder
	if err := h.relocate(insns, module, &b); err != nil {
		return nil, err
	}
	funcs, lines, err := btf.MarshalExtInfos(insns, &b)
	if err != nil {
		return nil, fmt.Errorf("describe program: %w", err)
	}
	types, err := btf.NewHandle(&b)
	if err != nil {
		return nil, fmt.Errorf("load types of program: %w", err)
	}
	defer types.Close()
	var code bytes.Buffer
	if err := insns.Marshal(&code, byteOrder()); err != nil {
		return nil, err
	}
	attr := progLoad{
		progType: uint32(spec.Type), insnCount: uint32(code.Len() / asm.InstructionSize), attachType: uint32(spec.AttachType),
		types: uint32(types.FD()), funcSize: btf.FuncInfoSize, funcCount: uint32(len(funcs)) / btf.FuncInfoSize,
		lineSize: btf.LineInfoSize, lineCount: uint32(len(lines)) / btf.LineInfoSize, attachID: uint32(id), attachTo: uint32(object.FD()),
	}
	copy(attr.name[:len(attr.name)-1], spec.Name)
	fd, log, err := attr.load(code.Bytes(), append([]byte(spec.License), 0), funcs, lines, level)
	if err != nil {
		return nil, err
	}
	p, err := ebpf.NewProgramFromFD(fd)
	if err == nil {
		p.VerifierLog = log
	}
	return p, err
}

// moduleFunction finds a function in the types of a module. The caller closes the handle.
func (h *Host) moduleFunction(module, fn string) (*btf.Handle, btf.TypeID, error) {
	k, err := h.moduleTypes(module)
	if err != nil {
		return nil, 0, err
	}
	var f *btf.Func
	if err := k.spec.TypeByName(fn, &f); err != nil {
		return nil, 0, fmt.Errorf("function %s of %s: %w", fn, module, err)
	}
	id, err := k.spec.TypeID(f)
	if err != nil {
		return nil, 0, fmt.Errorf("function %s of %s: %w", fn, module, err)
	}
	handle, err := btf.FindHandle(func(info *btf.HandleInfo) bool { return info.IsModule() && info.Name == module })
	if err != nil {
		return nil, 0, fmt.Errorf("types of module %s: %w", module, err)
	}
	return handle, id, nil
}

// relocate puts the places that the kernel's and the module's fields have into instructions of imported object files.
func (h *Host) relocate(insns asm.Instructions, module string, b *btf.Builder) error {
	var relos []*btf.CORERelocation
	var at []*asm.Instruction
	for i := range insns {
		if r := btf.CORERelocationMetadata(&insns[i]); r != nil {
			relos, at = append(relos, r), append(at, &insns[i])
		}
	}
	if len(relos) == 0 {
		return nil
	}
	kernel, err := h.btf()
	if err != nil {
		return err
	}
	own, err := h.moduleTypes(module)
	if err != nil {
		return err
	}
	fixups, err := btf.CORERelocate(relos, []*btf.Spec{kernel.spec, own.spec}, byteOrder(), b.Add)
	if err != nil {
		return fmt.Errorf("find the kernel's fields: %w", err)
	}
	for i := range fixups {
		if err := fixups[i].Apply(at[i]); err != nil {
			return fmt.Errorf("find the kernel's fields: %w", err)
		}
	}
	return nil
}

// load asks the kernel to load the program, and once more for the log if it refuses. Programs that are interrupted are loaded again.
func (a *progLoad) load(code, license, funcs, lines []byte, level ebpf.LogLevel) (fd int, log string, err error) {
	buf := make([]byte, logSize)
	var pinned goruntime.Pinner
	defer pinned.Unpin()
	for field, b := range map[*uint64][]byte{&a.insns: code, &a.license: license, &a.funcs: funcs, &a.lines: lines, &a.logBuf: buf} {
		if len(b) > 0 {
			pinned.Pin(&b[0])
			*field = uint64(uintptr(unsafe.Pointer(&b[0])))
		}
	}
	full := a.logBuf
	a.setLog(full, level)
	for tries := 0; ; tries++ {
		n, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_LOAD, uintptr(unsafe.Pointer(a)), unsafe.Sizeof(*a))
		switch {
		case errno == 0:
			return int(n), unix.ByteSliceToString(buf), nil
		case errno == unix.EAGAIN && tries < loadTries:
		case a.logLevel == 0:
			a.setLog(full, ebpf.LogLevelBranch)
		default:
			text := strings.TrimSpace(unix.ByteSliceToString(buf))
			if text == "" {
				return 0, "", errno
			}
			return 0, "", &ebpf.VerifierError{Cause: errno, Log: strings.Split(text, "\n")}
		}
	}
}

// loadTries is how often a load is tried that signals interrupt.
const loadTries = 10

func (a *progLoad) setLog(buf uint64, level ebpf.LogLevel) {
	a.logLevel, a.logBuf, a.logSize = uint32(level), buf, logSize
	if level == 0 {
		a.logBuf, a.logSize = 0, 0
	}
}

// byteOrder is that of the machine, under the name by which the library knows it.
func byteOrder() binary.ByteOrder {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}
