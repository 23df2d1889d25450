package link

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// library is an object file: its functions, and the maps and variables that they refer to.
type library struct {
	// file is its name in messages, and prefix what the names of its functions and maps begin with in programs.
	file, prefix string
	funcs        map[string]*function
	maps         map[string]*ebpf.MapSpec
	// shared has the names in programs of maps that an object before this one defines as well.
	shared map[string]string
	// variables are those that are not static.
	variables []string
	// structs are the types that it defines, by keyword and name.
	structs map[string]btf.Type
}

// function is a function as instructions. Names in it are those in programs.
type function struct {
	name  string
	insns asm.Instructions
	// calls are the functions of the library that it refers to, maps the maps.
	calls, maps []string
	// btf says what it takes and returns; callable is set where scripts may call it: it is not static.
	btf      *btf.Func
	callable bool
	// stack is what it uses of the stack, in bytes.
	stack int
}

// read reads an object file.
func (s *Set) read(file, prefix string, data []byte) (*library, error) {
	renamed, err := renameText(data)
	if err != nil {
		return nil, err
	}
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(renamed))
	if err != nil {
		return nil, err
	}
	l := &library{file: file, prefix: prefix, funcs: map[string]*function{}, maps: spec.Maps, structs: map[string]btf.Type{}}
	if l.shared, err = s.share(spec.Maps); err != nil {
		return nil, err
	}
	for name, v := range spec.Variables {
		if v.Type != nil && v.Type.Linkage == btf.GlobalVar {
			l.variables = append(l.variables, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(spec.Programs)) {
		if err := l.addFuncs(spec.Programs[name]); err != nil {
			return nil, err
		}
	}
	if len(l.funcs) == 0 {
		return nil, errors.New("it defines no function")
	}
	if spec.Types != nil {
		l.addTypes(spec.Types)
	}
	return l, nil
}

// addFuncs adds the functions of a program: its own, and those that it calls.
func (l *library) addFuncs(p *ebpf.ProgramSpec) error {
	for start := 0; start < len(p.Instructions); {
		end := start + 1
		for end < len(p.Instructions) && p.Instructions[end].Symbol() == "" {
			end++
		}
		name := p.Instructions[start].Symbol()
		if l.funcs[name] == nil {
			f, err := l.newFunction(name, p.Instructions[start:end])
			if err != nil {
				return err
			}
			f.callable = f.btf.Linkage == btf.GlobalFunc && p.Type == ebpf.UnspecifiedProgram
			l.funcs[name] = f
		}
		start = end
	}
	return nil
}

// newFunction copies a function with the names that it and what it refers to have in programs.
func (l *library) newFunction(name string, insns asm.Instructions) (*function, error) {
	f := &function{name: l.prefix + name, insns: slices.Clone(insns), btf: btf.FuncMetadata(&insns[0])}
	if f.btf == nil {
		return nil, fmt.Errorf("%s() has no BTF: compile with -g", name)
	}
	// The kernel checks a global function for all arguments that there may be, a static one for those that it gets.
	static := *f.btf
	static.Linkage = btf.StaticFunc
	f.insns[0] = btf.WithFuncMetadata(f.insns[0].WithSymbol(f.name), &static)
	for i := range f.insns {
		in := &f.insns[i]
		ref := in.Reference()
		switch {
		case ref == "":
		case in.IsFunctionReference():
			f.calls = append(f.calls, ref)
			*in = in.WithReference(l.prefix + ref)
		case in.IsLoadFromMap() && l.maps[ref] != nil:
			f.maps = append(f.maps, ref)
			*in = in.WithReference(l.mapName(ref))
		}
		f.stack = max(f.stack, stackOf(f.insns, i))
	}
	f.calls = unique(f.calls)
	f.maps = unique(f.maps)
	return f, nil
}

func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// kconfigMap holds what the kernel was configured with; the library that loads programs knows it by name.
const kconfigMap = ".kconfig"

// mapName is the name of a map in programs.
func (l *library) mapName(name string) string {
	if name == kconfigMap {
		return name
	}
	if other, ok := l.shared[name]; ok {
		return other
	}
	return l.prefix + name
}

// isSection reports whether a map holds a section of variables, which each object has for itself.
func isSection(name string) bool { return strings.Contains(name, ".") }

// stackOf returns how far below the frame pointer an instruction reaches.
func stackOf(insns asm.Instructions, i int) int {
	in := insns[i]
	class := in.OpCode.Class()
	switch {
	case class.IsLoad() && in.Src == asm.RFP, class.IsStore() && in.Dst == asm.RFP:
		return -int(in.Offset)
	case i > 0 && in.OpCode.ALUOp() == asm.Add && in.OpCode.Source() == asm.ImmSource && insns[i-1].OpCode.ALUOp() == asm.Mov && insns[i-1].Src == asm.RFP:
		return -int(in.Constant)
	}
	return 0
}

// addTypes notes the structs and unions that the object defines.
func (l *library) addTypes(spec *btf.Spec) {
	for t, err := range spec.All() {
		if err != nil {
			return // what is there of them serves
		}
		switch t := t.(type) {
		case *btf.Struct:
			l.structs["struct "+t.Name] = t
		case *btf.Union:
			l.structs["union "+t.Name] = t
		}
	}
}
