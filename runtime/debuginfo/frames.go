package debuginfo

import (
	"debug/dwarf"
	"path"
)

// Frame is a function at work and the place in it.
type Frame struct {
	// Func is the function's name, as linkers know it.
	Func string
	// File and Line are the place; File is empty if it is not known.
	File string
	Line int
}

// Frames returns what is at work at an address: the function that was compiled into all others first, the one that has the code last. It is
// empty if nothing is known.
func (in *Info) Frames(addr uint64) []Frame {
	in.mu.Lock()
	defer in.mu.Unlock()
	out, ok := in.frames[addr]
	if !ok {
		out = in.framesAt(addr)
		in.frames[addr] = out
	}
	return out
}

func (in *Info) framesAt(addr uint64) []Frame {
	u := in.unitAt(addr)
	if u == nil {
		return nil
	}
	row, ok := in.rowAt(u, addr)
	chain := in.chain(u, addr)
	if !ok && len(chain) == 0 {
		return nil
	}
	place := Frame{}
	if ok && row.File != nil && row.Line > 0 {
		place = Frame{File: u.absolute(row.File.Name), Line: row.Line}
	}
	var out []Frame
	for i := len(chain) - 1; i >= 0; i-- {
		place.Func = in.funcName(chain[i])
		out = append(out, place)
		place = u.callPlace(chain[i])
	}
	if len(chain) == 0 {
		out = append(out, place)
	}
	return out
}

func (in *Info) funcName(e *dwarf.Entry) string {
	name, _ := in.attribute(e, dwarf.AttrLinkageName, dwarf.AttrName)
	text, _ := name.(string)
	return text
}

// callPlace returns where a function that was compiled into another one is called.
func (u *unit) callPlace(e *dwarf.Entry) Frame {
	file, ok1 := e.Val(dwarf.AttrCallFile).(int64)
	line, ok2 := e.Val(dwarf.AttrCallLine).(int64)
	if !ok1 || !ok2 {
		return Frame{}
	}
	return Frame{File: u.absolute(u.fileName(file)), Line: int(line)}
}

// fileName returns the file of a number in the unit's table of lines.
func (u *unit) fileName(n int64) string {
	if n < 0 || n >= int64(len(u.files)) || u.files[n] == nil {
		return ""
	}
	return u.files[n].Name
}

// absolute returns the path of a file that the compiler was told in the folder where it ran.
func (u *unit) absolute(name string) string {
	dir, ok := u.entry.Val(dwarf.AttrCompDir).(string)
	if name == "" || path.IsAbs(name) || !ok {
		return name
	}
	return path.Join(dir, name)
}
