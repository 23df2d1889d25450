package symbol

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// maxPerfMap and maxPerfSymbols bound what is read of the file of one process.
	maxPerfMap     = 64 << 20
	maxPerfSymbols = 1 << 20
	// perfMapAge is how long it is believed what the file said: code that is generated later can be where other code was.
	perfMapAge = 200 * time.Millisecond
	// maxOverlap is how many functions are looked at that begin before an address, for one that reaches to it.
	maxOverlap = 16
)

// perfMap is the names that a process gives to the code that it generates, in a file of lines "address size name", both numbers in
// hexadecimal: /tmp/perf-PID.map, with the number that the process has for itself, in its own root. The zero perfMap is ready.
type perfMap struct {
	mu      sync.Mutex
	syms    []Symbol // sorted by address; of the same address, the last one counts
	file    identity
	offset  int64 // up to here the file was read
	own     int   // the number that the process has for itself, once that is known
	checked time.Time
}

// errNotOurs means that a file is none that the process can have written, or no file at all.
var errNotOurs = errors.New("not a file of the process")

// lookup returns the function that an address is in, and the path of the file as the process has it.
func (p *perfMap) lookup(pid int, addr uint64) (name string, offset uint64, path string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sym, ok := p.find(addr)
	if known := p.file != (identity{}); !ok && known || time.Since(p.checked) > perfMapAge {
		p.refresh(pid)
		sym, ok = p.find(addr)
	}
	if !ok {
		return "", 0, "", false
	}
	return sym.Name, addr - sym.Addr, "/" + perfMapPath(p.own), true
}

// size returns about how much memory the names take.
func (p *perfMap) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return cap(p.syms)*int(unsafe.Sizeof(Symbol{})) + int(p.offset) // the names are parts of the text that was read
}

func (p *perfMap) find(addr uint64) (Symbol, bool) {
	n, _ := slices.BinarySearchFunc(p.syms, addr, func(s Symbol, a uint64) int {
		if s.Addr <= a {
			return -1
		}
		return 1
	})
	for i := n - 1; i >= max(0, n-maxOverlap); i-- {
		if s := p.syms[i]; addr-s.Addr < s.Size {
			return s, true
		}
	}
	return Symbol{}, false
}

// refresh reads what was added to the file. Without a file, what was read before stays.
func (p *perfMap) refresh(pid int) {
	p.checked = time.Now()
	if own, ok := ownPID(pid); ok || p.own == 0 {
		p.own = own
	}
	f, err := openPerfMap(pid, p.own)
	if err != nil {
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return
	}
	file := identity{dev: uint64(stat.Dev), ino: stat.Ino}
	if file != p.file || info.Size() < p.offset {
		p.syms, p.file, p.offset = nil, file, 0
	}
	if info.Size() == p.offset || p.offset >= maxPerfMap {
		return
	}
	data, err := io.ReadAll(io.NewSectionReader(f, p.offset, min(info.Size(), maxPerfMap)-p.offset))
	if err != nil {
		return
	}
	p.add(data)
}

// add takes in what was read: whole lines, the rest comes later.
func (p *perfMap) add(data []byte) {
	data = data[:bytes.LastIndexByte(data, '\n')+1]
	p.offset += int64(len(data))
	for line := range strings.Lines(string(data)) {
		if sym, ok := parsePerfSymbol(line); ok && len(p.syms) < maxPerfSymbols {
			p.syms = append(p.syms, sym)
		}
	}
	slices.SortStableFunc(p.syms, func(a, b Symbol) int { return cmp.Compare(a.Addr, b.Addr) })
}

// parsePerfSymbol reads a line. The name may have blanks; characters that a terminal would act on are replaced.
func parsePerfSymbol(line string) (Symbol, bool) {
	start, rest, ok1 := strings.Cut(strings.TrimLeft(line, " "), " ")
	size, name, ok2 := strings.Cut(rest, " ")
	if !ok1 || !ok2 {
		return Symbol{}, false
	}
	addr, err1 := strconv.ParseUint(strings.TrimPrefix(start, "0x"), 16, 64)
	n, err2 := strconv.ParseUint(strings.TrimPrefix(size, "0x"), 16, 64)
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, strings.TrimRight(name, "\r\n"))
	return Symbol{Name: name, Addr: addr, Size: n}, err1 == nil && err2 == nil && name != ""
}

func perfMapPath(pid int) string { return fmt.Sprintf("tmp/perf-%d.map", pid) }

// openPerfMap opens the file of a process: in its root or, once it is gone, in ours. The process decides what is there, so links do not lead
// out of its root, and nothing is read but a file of the process's own user, root's or ours.
func openPerfMap(pid, own int) (*os.File, error) {
	root := fmt.Sprintf("/proc/%d/root", pid)
	owner, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		root = "/"
	}
	dir, err := os.Open(root)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	fd, err := unix.Openat2(int(dir.Fd()), perfMapPath(own), &unix.OpenHow{
		Flags: unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK | unix.O_NOFOLLOW, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), perfMapPath(own))
	info, err := f.Stat()
	if err == nil && !mayOwn(info, owner) {
		err = errNotOurs
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// mayOwn reports whether a file can be one that a process has written; process is nil if it is gone.
func mayOwn(file, process os.FileInfo) bool {
	stat, ok := file.Sys().(*syscall.Stat_t)
	if !ok || !file.Mode().IsRegular() {
		return false
	}
	if stat.Uid == 0 || int(stat.Uid) == os.Getuid() {
		return true
	}
	if process == nil {
		return false
	}
	owner, ok := process.Sys().(*syscall.Stat_t)
	return ok && owner.Uid == stat.Uid
}

// ownPID returns the number that a process has in its own pid namespace; ok is false if it is gone, and the number pid.
func ownPID(pid int) (own int, ok bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return pid, false
	}
	for line := range strings.Lines(string(data)) {
		if numbers, found := strings.CutPrefix(line, "NSpid:"); found {
			numbers = strings.TrimSpace(numbers)
			if n, err := strconv.Atoi(numbers[strings.LastIndexAny(numbers, "\t ")+1:]); err == nil {
				return n, true
			}
		}
	}
	return pid, true
}
