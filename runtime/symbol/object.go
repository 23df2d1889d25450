package symbol

import (
	"debug/elf"
	"errors"
	"fmt"
)

// Find returns the function or variable of a name in a program or library, and whether the file is loaded where it says, rather than
// anywhere.
func Find(path, name string) (sym Symbol, fixed bool, err error) {
	f, err := elf.Open(path)
	if err != nil {
		return Symbol{}, false, fmt.Errorf("read %s: %w", path, err)
	}
	defer f.Close()
	for _, read := range []func() ([]elf.Symbol, error){f.Symbols, f.DynamicSymbols} {
		syms, err := read()
		if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
			return Symbol{}, false, fmt.Errorf("read symbols of %s: %w", path, err)
		}
		for _, s := range syms {
			if s.Name == name && s.Section != elf.SHN_UNDEF && (isFunction(s) || elf.ST_TYPE(s.Info) == elf.STT_OBJECT) {
				return Symbol{Name: name, Addr: s.Value, Size: s.Size}, f.Type == elf.ET_EXEC, nil
			}
		}
	}
	return Symbol{}, false, fmt.Errorf("%s has no symbol %s", path, name)
}
