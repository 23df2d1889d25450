package output

import (
	"strconv"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/runtime/value"
)

// frameIndent stands before the frames of a stack in bpftrace mode.
const frameIndent = "        "

// stack appends a line end and one line for each frame.
func (r *render) stack(b []byte, v value.Stack) []byte {
	b = append(b, '\n')
	for i, addr := range v.Addrs {
		if addr == object.UnwindFailed {
			b = append(b, frameIndent+"<unwind failure>\n"...)
			continue
		}
		if i < len(v.Files) && v.Files[i] != "" {
			b = append(appendHex(append(append(b, v.Files[i]...), ' '), addr), '\n')
			continue
		}
		b = append(r.sourced(b, v, i), '\n')
	}
	return b
}

func (r *render) frame(b []byte, v value.Stack, addr uint64) []byte {
	switch v.T.Mode {
	case "raw", "build_id":
		return strconv.AppendUint(b, addr, 16)
	case "perf":
		b = append(b, '\t')
		b = append(strconv.AppendUint(b, addr, 16), ' ')
		return r.symbol(b, v, addr, v.T.User)
	}
	b = append(b, frameIndent...)
	return r.symbol(b, v, addr, false)
}

// symbol appends name+offset, and the module if that is wanted; an address without a name as a number.
func (r *render) symbol(b []byte, v value.Stack, addr uint64, module bool) []byte {
	name, offset, mod, ok := r.lookup(v, addr)
	if ok {
		b = append(append(b, name...), '+')
		b = strconv.AppendUint(b, offset, 10)
	} else {
		b = appendHex(b, addr)
	}
	if !module {
		return b
	}
	if !ok || mod == "" {
		mod = "[unknown]"
	}
	return append(append(append(b, " ("...), mod...), ')')
}

func (r *render) lookup(v value.Stack, addr uint64) (name string, offset uint64, module string, ok bool) {
	switch {
	case r.symbols == nil:
		return "", 0, "", false
	case v.T.User:
		return r.symbols.User(v.PID, addr)
	}
	return r.symbols.Kernel(addr)
}
