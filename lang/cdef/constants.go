package cdef

import "sort"

//go:generate go run ../../scripts/constants

// constant is a row of the table of constants, which is sorted by name.
type constant struct {
	name  string
	value int64
}

// Constant returns the value that the headers of Linux or of the C library define a name to on x86-64.
func Constant(name string) (int64, bool) {
	i := sort.Search(len(constants), func(i int) bool { return constants[i].name >= name })
	if i == len(constants) || constants[i].name != name {
		return 0, false
	}
	return constants[i].value, true
}

// ConstantNames returns the names of all constants, sorted.
func ConstantNames() []string {
	out := make([]string, len(constants))
	for i, k := range constants {
		out[i] = k.name
	}
	return out
}
