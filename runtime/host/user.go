package host

import (
	"fmt"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/runtime/symbol"
)

// UserSymbol returns a function or variable of the program or library that a probe is in.
func (h *Host) UserSymbol(p attach.Probe, name string) (check.UserSymbol, error) {
	sym, fixed, err := symbol.Find(p.Target, name)
	if err != nil {
		return check.UserSymbol{}, err
	}
	out := check.UserSymbol{Addr: sym.Addr, Size: sym.Size, Fixed: fixed}
	if fixed {
		return out, nil
	}
	bin, err := h.binaries.Open(p.Target)
	if err != nil {
		return out, err
	}
	fn, known := bin.ByName(p.Func)
	at, inCode := bin.Addr(p.Address)
	switch {
	case p.Address != 0 && inCode:
		out.Probe = at
	case p.Address == 0 && known:
		out.Probe = fn.Addr + p.Offset
	default:
		return out, fmt.Errorf("%s: the address of %s is not known", p.Target, p.Name)
	}
	return out, nil
}
