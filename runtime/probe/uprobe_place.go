package probe

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/runtime/symbol"
)

// unsafePlace is what to type where a probe could overwrite part of an instruction.
const unsafePlace = "--unsafe attaches all the same, and may make the traced process crash"

// insideFunction refuses offsets behind the end of a function, and in the middle of an instruction.
func (u *uprobe) insideFunction(bin *symbol.Binary, sym symbol.Symbol, up uprobePoint) error {
	switch {
	case up.offset == 0 || up.unsafe:
		return nil // unsafeIn warns
	case up.offset >= sym.Size:
		return pointError(2, codeNoMatch, "Offset outside the function bounds ('%s' size is %d)", sym.Name, sym.Size)
	}
	return u.onInstruction(bin, sym, up.offset)
}

// onInstruction refuses a place in a function where no instruction begins: the kernel would overwrite part of one.
func (u *uprobe) onInstruction(bin *symbol.Binary, sym symbol.Symbol, offset uint64) error {
	at, err := u.instructionAt(bin, sym, offset)
	var perr *check.PointError
	switch {
	case errors.Is(err, errUnreadable):
		perr = pointError(2, codeNoMatch, "Could not determine instruction boundary for %s:%s:%s+%d (%v).", u.name, bin.Path, sym.Name, offset, err)
	case err != nil:
		return fmt.Errorf("read code of %s: %w", bin.Path, err)
	case !at:
		perr = pointError(2, codeNoMatch, "Could not add %s into middle of instruction: %s:%s+%d", u.name, bin.Path, sym.Name, offset)
	default:
		return nil
	}
	perr.Hint = unsafePlace
	return perr
}

// unsafeIn is the warning about a place in the middle of an instruction, or "" for other places.
func (u *uprobe) unsafeIn(bin *symbol.Binary, sym symbol.Symbol, offset uint64) string {
	if offset == 0 || offset >= sym.Size {
		return ""
	}
	if at, err := u.instructionAt(bin, sym, offset); at || err != nil {
		return ""
	}
	return fmt.Sprintf("Unsafe %s in the middle of the instruction: %s:%s+%d", u.name, bin.Path, sym.Name, offset)
}

// errUnreadable is about code whose instructions cannot be told.
var errUnreadable = errors.New("an instruction before it is not known")

// instructionAt reports whether an instruction begins at an offset in a function.
func (u *uprobe) instructionAt(bin *symbol.Binary, sym symbol.Symbol, offset uint64) (bool, error) {
	if u.host.Arch() == "arm64" {
		return offset%4 == 0, nil
	}
	start, ok := bin.FileOffset(sym.Addr)
	if !ok || offset == 0 {
		return ok, nil
	}
	f, err := os.Open(bin.Path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	code, err := io.ReadAll(io.NewSectionReader(f, int64(start), int64(offset)+maxInstruction))
	if err != nil {
		return false, err
	}
	for at := uint64(0); at != offset; {
		if at > offset {
			return false, nil
		}
		if at >= uint64(len(code)) {
			return false, errUnreadable
		}
		n, ok := amd64Length(code[at:])
		if !ok {
			return false, errUnreadable
		}
		at += uint64(n)
	}
	return true, nil
}

// placeOf refuses an address in the middle of an instruction, one in no known function, of which that cannot be told, and a return
// from the middle of a function.
func (u *uprobe) placeOf(bin *symbol.Binary, addr uint64, unsafe bool) error {
	sym, offset, ok := bin.Lookup(addr)
	switch {
	case ok && u.ret && offset != 0:
		return pointError(2, codeNoMatch, "uretprobes cannot be attached at function offset. (address resolved to: %s+%d)", sym.Name, offset)
	case unsafe:
		return nil
	case ok:
		return u.onInstruction(bin, sym, offset)
	}
	err := pointError(2, codeNoMatch, "Could not determine instruction boundary for %s:%s:%d (binary appears stripped).", u.name, bin.Path, addr)
	err.Hint = unsafePlace
	return err
}
