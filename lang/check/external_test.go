package check_test

import (
	"slices"

	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
)

// externals are the functions of an imported object file.
type externals struct{}

var point = &types.Struct{Name: "point", Size: 8, Align: 4, Fields: []types.Field{{Name: "x", Type: types.Int32}, {Name: "y", Type: types.Int32, Offset: 4}}}

func externalFuncs() []*check.External {
	param := func(name string, t types.Type) check.ExternalParam { return check.ExternalParam{Name: name, Type: t} }
	return []*check.External{
		{Name: "c_add", Params: []check.ExternalParam{param("a", types.Int32), param("b", types.Int32)}, Result: types.Int32},
		{Name: "c_byte", Params: []check.ExternalParam{param("c", types.Uint8)}, Result: types.Bool{}},
		{Name: "c_first", Params: []check.ExternalParam{param("s", types.Pointer{Elem: types.Int8})}, Result: types.Int32},
		{Name: "c_any", Params: []check.ExternalParam{param("p", types.Pointer{Elem: types.Void{}})}, Result: types.Void{}},
		{Name: "c_point", Params: []check.ExternalParam{param("p", types.Pointer{Elem: point})}, Result: types.Pointer{Elem: point}},
		{Name: "c_wide", Params: []check.ExternalParam{param("p", point)}, Problem: "it takes a struct point by value, which no register holds"},
	}
}

func (externals) External(name string) (*check.External, bool) {
	i := slices.IndexFunc(externalFuncs(), func(f *check.External) bool { return f.Name == name })
	if i < 0 {
		return nil, false
	}
	return externalFuncs()[i], true
}

func (externals) ExternalNames() []string {
	var out []string
	for _, f := range externalFuncs() {
		out = append(out, f.Name)
	}
	return out
}

func (externals) ExternalType(keyword, name string) (types.Type, bool) {
	return point, keyword == "struct" && name == "point"
}
