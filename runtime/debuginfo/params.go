package debuginfo

import (
	"debug/dwarf"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Param is a parameter of a function.
type Param struct {
	Name string
	Type dwarf.Type
}

// ErrNoFunction is returned for addresses at which no function is known to begin.
var ErrNoFunction = errors.New("no function begins there")

// ErrGo is returned for functions of Go.
var ErrGo = errors.New("functions of Go have their arguments in other registers than those of C")

// languageGo is DW_LANG_Go.
const languageGo = 0x16

// Params returns the parameters of the function that has the code at an address. The error is ErrNoFunction if there is none.
func (in *Info) Params(addr uint64) ([]Param, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	u := in.unitAt(addr)
	if u == nil {
		return nil, ErrNoFunction
	}
	if language, _ := u.entry.Val(dwarf.AttrLanguage).(int64); language == languageGo {
		return nil, ErrGo
	}
	for _, f := range in.functions(u) {
		if within(f.ranges, addr) {
			return in.params(f.offset)
		}
	}
	return nil, ErrNoFunction
}

func (in *Info) params(at dwarf.Offset) ([]Param, error) {
	r := in.data.Reader()
	r.Seek(at)
	e, err := r.Next()
	if err != nil || e == nil {
		return nil, err
	}
	if !e.Children {
		return nil, nil
	}
	var out []Param
	for last := e.Offset; ; r.SkipChildren() {
		e, err := r.Next()
		if err != nil || e == nil || e.Tag == 0 {
			return out, err
		}
		if e.Offset <= last {
			return nil, fmt.Errorf("parameters: %w", io.ErrUnexpectedEOF)
		}
		if last = e.Offset; e.Tag != dwarf.TagFormalParameter {
			continue
		}
		p, err := in.param(e)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
}

func (in *Info) param(e *dwarf.Entry) (Param, error) {
	name, _ := in.attribute(e, dwarf.AttrName)
	at, _ := in.attribute(e, dwarf.AttrType)
	p := Param{Type: &dwarf.VoidType{}}
	p.Name, _ = name.(string)
	off, ok := at.(dwarf.Offset)
	if !ok {
		return p, nil
	}
	t, err := in.data.Type(off)
	if err != nil {
		return p, err
	}
	p.Type = t
	return p, nil
}

// Declaration returns a parameter as C writes it, with the type of a pointer before its star.
func (p Param) Declaration() string { return strings.TrimSpace(typeName(p.Type, 0) + " " + p.Name) }

// maxNesting bounds how deep types are followed, which are read from a file.
const maxNesting = 32

func typeName(t dwarf.Type, depth int) string {
	if depth > maxNesting {
		return "void"
	}
	switch t := t.(type) {
	case *dwarf.QualType:
		return t.Qual + " " + typeName(t.Type, depth+1)
	case *dwarf.PtrType:
		if t.Type == nil {
			return "void*"
		}
		if _, ok := t.Type.(*dwarf.FuncType); ok {
			return "(*)()"
		}
		return typeName(t.Type, depth+1) + "*"
	case *dwarf.StructType:
		return t.Kind + " " + t.StructName
	case *dwarf.EnumType:
		return "enum " + t.EnumName
	case *dwarf.ArrayType:
		return fmt.Sprintf("%s[%d]", typeName(t.Type, depth+1), t.Count)
	case *dwarf.TypedefType:
		return t.Name
	case *dwarf.VoidType:
		return "void"
	}
	return t.Common().Name
}
