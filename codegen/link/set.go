package link

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
)

// Set is the object files that a script imports. It answers for check.Externals. A nil Set is empty.
type Set struct {
	libraries []*library
	// owner has the library of each function that scripts can call.
	owner map[string]*library
	// convert returns the script type of a C type.
	convert func(btf.Type) types.Type
	known   map[string]*check.External
}

// NewSet returns an empty set. convert returns the script type of a C type, of which there is one for each named struct.
func NewSet(convert func(btf.Type) types.Type) *Set {
	return &Set{owner: map[string]*library{}, convert: convert, known: map[string]*check.External{}}
}

// Add reads an object file; name is its name in messages. An error says what is wrong with it, without the name.
func (s *Set) Add(name string, data []byte) error {
	l, err := s.read(name, object.ImportPrefix(len(s.libraries)), data)
	if err != nil {
		return err
	}
	for _, fn := range sortedNames(l.funcs) {
		if !l.funcs[fn].callable {
			continue
		}
		if other := s.owner[fn]; other != nil {
			return fmt.Errorf("it defines %s(), as %q does", fn, other.file)
		}
		s.owner[fn] = l
	}
	if err := s.checkVariables(l); err != nil {
		return err
	}
	if l.maps[kconfigMap] != nil && slices.ContainsFunc(s.libraries, func(o *library) bool { return o.maps[kconfigMap] != nil }) {
		return errors.New("only one object of a script may ask how the kernel was configured (__kconfig)")
	}
	s.libraries = append(s.libraries, l)
	return nil
}

// checkVariables refuses variables that an object before this one has, too: a linker would make one of them, here they would be two.
func (s *Set) checkVariables(l *library) error {
	slices.Sort(l.variables)
	for _, other := range s.libraries {
		for _, v := range l.variables {
			if slices.Contains(other.variables, v) {
				return fmt.Errorf("it defines the variable %s, as %q does: make it static, or define it once", v, other.file)
			}
		}
	}
	return nil
}

// share returns the names in programs of maps that objects before this one define as well: these are the same maps, as they are when
// objects are linked. Maps of one name have to be alike.
func (s *Set) share(specs map[string]*ebpf.MapSpec) (map[string]string, error) {
	shared := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(specs)) {
		for _, other := range s.libraries {
			m := other.maps[name]
			switch {
			case m == nil || isSection(name):
			case !alike(m, specs[name]):
				return nil, fmt.Errorf("it defines the map %s in another way than %q does", name, other.file)
			default:
				shared[name] = other.mapName(name)
			}
		}
	}
	return shared, nil
}

func alike(a, b *ebpf.MapSpec) bool {
	return a.Type == b.Type && a.KeySize == b.KeySize && a.ValueSize == b.ValueSize && a.MaxEntries == b.MaxEntries && a.Flags == b.Flags
}

func sortedNames(funcs map[string]*function) []string {
	var out []string
	for name := range funcs {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// External implements check.Externals.
func (s *Set) External(name string) (*check.External, bool) {
	if s == nil || s.owner[name] == nil {
		return nil, false
	}
	if e := s.known[name]; e != nil {
		return e, true
	}
	f := s.owner[name].funcs[name]
	e := &check.External{Name: name, Symbol: f.name}
	e.Stack, e.Depth = s.owner[name].extent(f, map[*function]bool{})
	s.describe(e, f.btf)
	s.known[name] = e
	return e, true
}

// ExternalNames implements check.Externals.
func (s *Set) ExternalNames() []string {
	if s == nil {
		return nil
	}
	var out []string
	for name := range s.owner {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// ExternalType implements check.Externals.
func (s *Set) ExternalType(keyword, name string) (types.Type, bool) {
	if s == nil {
		return nil, false
	}
	for _, l := range s.libraries {
		if t := l.structs[keyword+" "+name]; t != nil {
			return s.convert(t), true
		}
	}
	return nil, false
}

// describe says what a function takes and returns.
func (s *Set) describe(e *check.External, f *btf.Func) {
	proto, ok := f.Type.(*btf.FuncProto)
	if !ok {
		e.Problem = "its BTF does not say what it takes"
		return
	}
	for _, p := range proto.Params {
		t := s.convert(p.Type)
		if !inRegister(t) {
			e.Problem = fmt.Sprintf("it takes a %s by value, which no register holds", t)
		}
		e.Params = append(e.Params, check.ExternalParam{Name: p.Name, Type: t})
	}
	e.Result = s.convert(proto.Return)
	if _, void := e.Result.(types.Void); !void && !inRegister(e.Result) {
		e.Problem = fmt.Sprintf("it returns a %s by value, which no register holds", e.Result)
	}
	if enum, ok := e.Result.(*types.Enum); ok {
		e.Result = types.Int{Size: enum.Size, Signed: enum.Signed}
	}
	if len(e.Params) > maxParams {
		e.Problem = fmt.Sprintf("it takes %d arguments, and %d registers pass them", len(e.Params), maxParams)
	}
}

// maxParams is the number of registers that pass arguments.
const maxParams = 5

func inRegister(t types.Type) bool {
	switch t.(type) {
	case types.Int, types.Bool, types.Pointer, *types.Enum:
		return true
	default: // no other type matters here
	}
	return false
}

// extent returns the stack, in bytes, and the number of functions inside of each other that a call comes to. A function that calls
// itself is left to the kernel to refuse.
func (l *library) extent(f *function, inside map[*function]bool) (stack, depth int) {
	if inside[f] {
		return 0, 0
	}
	inside[f] = true
	for _, name := range f.calls {
		if g := l.funcs[name]; g != nil {
			s, d := l.extent(g, inside)
			stack, depth = max(stack, s), max(depth, d)
		}
	}
	delete(inside, f)
	return stack + types.Align(max(1, f.stack), 32), depth + 1
}

// Link appends to a program the functions that it calls, by their symbols, with all that those call, and adds the maps that they use
// to the program's collection.
func (s *Set) Link(spec *ebpf.CollectionSpec, program *ebpf.ProgramSpec, calls []string) {
	seen := map[*function]bool{}
	for _, symbol := range calls {
		l, f := s.find(symbol)
		if f == nil {
			panic(fmt.Sprintf("BUG: link: no function %s", symbol))
		}
		program.Instructions = append(program.Instructions, l.collect(spec, f, seen)...)
	}
}

func (s *Set) find(symbol string) (*library, *function) {
	if s != nil {
		for _, l := range s.libraries {
			for _, f := range l.funcs {
				if f.name == symbol {
					return l, f
				}
			}
		}
	}
	return nil, nil
}

// collect returns the instructions of a function and of those that it calls, but for those seen before.
func (l *library) collect(spec *ebpf.CollectionSpec, f *function, seen map[*function]bool) asm.Instructions {
	if seen[f] {
		return nil
	}
	seen[f] = true
	out := slices.Clone(f.insns)
	for _, name := range f.maps {
		m := l.maps[name].Copy()
		m.Name = l.mapName(name)
		spec.Maps[m.Name] = m
	}
	for _, name := range f.calls {
		if g := l.funcs[name]; g != nil {
			out = append(out, l.collect(spec, g, seen)...)
		}
	}
	return out
}
