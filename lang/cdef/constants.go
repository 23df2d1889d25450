package cdef

import (
	_ "embed" // for the table
	"fmt"
	"strconv"
	"strings"
)

//go:generate go run ../../scripts/constants

// constants has a line for each constant, its name and value, sorted by name.
//
//go:embed constants.txt
var constants string

// Constant returns the value that the headers of Linux or of the C library define a name to on x86-64. It searches the text itself, since
// a script asks for a few names.
func Constant(name string) (int64, bool) {
	from, to := 0, len(constants) // the line is in between, if there is one; both are at the beginning of lines
	for from < to {
		begin := from + 1 + strings.LastIndexByte(constants[from:(from+to)/2], '\n')
		line, _, _ := strings.Cut(constants[begin:], "\n")
		key, value, _ := strings.Cut(line, " ")
		switch {
		case key < name:
			from = begin + len(line) + 1
		case key > name:
			to = begin
		default:
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				panic(fmt.Sprintf("BUG: cdef: constants.txt: %v", err))
			}
			return n, true
		}
	}
	return 0, false
}

// ConstantNames returns the names of all constants, sorted.
func ConstantNames() []string {
	var out []string
	for line := range strings.Lines(constants) {
		name, _, _ := strings.Cut(line, " ")
		out = append(out, name)
	}
	return out
}
