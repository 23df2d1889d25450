package property

import (
	"fmt"
	"slices"
	"strings"
)

// A shape is the type of a value that is not only an integer.
type shape struct {
	kind    shapeKind
	t       intType // of ints
	elems   []shape
	names   []string // of records and structs
	cap     int      // bytes of a struct's character array, or of a buffer
	struct_ *structDecl
}

type shapeKind int

const (
	intShape shapeKind = iota
	boolShape
	strShape
	tupleShape
	recordShape
	structShape
	arrayShape
	bufShape
)

// A val is a value of the interpreter: uint64 for integers (extended by their sign) and booleans, string, or []val.
type val any

// zero is what a map without the key reads as.
func (s shape) zero() val {
	switch s.kind {
	case intShape, boolShape:
		return uint64(0)
	case strShape, bufShape:
		return ""
	case tupleShape, recordShape, structShape, arrayShape:
		var out []val
		for _, e := range s.elems {
			out = append(out, e.zero())
		}
		return out
	}
	panic("BUG: property: shape")
}

// print writes a value as printValue writes what the kernel holds.
func (s shape) print(v val) string {
	switch s.kind {
	case intShape:
		if s.t.signed {
			return fmt.Sprint(int64(v.(uint64)))
		}
		return fmt.Sprint(v)
	case boolShape:
		return fmt.Sprint(v)
	case strShape, bufShape:
		return v.(string)
	case tupleShape, recordShape, structShape, arrayShape:
		return "(" + s.parts(v) + ")"
	}
	panic("BUG: property: shape")
}

func (s shape) parts(v val) string {
	parts := make([]string, len(s.elems))
	for i, e := range s.elems {
		parts[i] = e.print(v.([]val)[i])
	}
	return strings.Join(parts, ", ")
}

func (s shape) equal(a, b val) bool {
	switch s.kind {
	case intShape, boolShape, strShape, bufShape:
		return a == b
	case tupleShape, recordShape, structShape, arrayShape:
		for i, e := range s.elems {
			if !e.equal(a.([]val)[i], b.([]val)[i]) {
				return false
			}
		}
		return true
	}
	panic("BUG: property: shape")
}

// same reports whether two shapes are one type to the language.
func (s shape) same(o shape) bool {
	if s.kind != o.kind || s.t != o.t || len(s.elems) != len(o.elems) || !slices.Equal(s.names, o.names) || s.struct_ != o.struct_ {
		return false
	}
	if s.kind == bufShape && s.cap != o.cap {
		return false
	}
	for i := range s.elems {
		if !s.elems[i].same(o.elems[i]) {
			return false
		}
	}
	return true
}

// A path leads from a value to one of its parts.
type path []int

// text is the path as it is written behind a value of a shape.
func (p path) text(s shape) (text string, at shape) {
	for _, i := range p {
		switch s.kind {
		case tupleShape:
			text += fmt.Sprintf(".%d", i)
		case recordShape, structShape:
			text += "." + s.names[i]
		case arrayShape:
			text += fmt.Sprintf("[%d]", i)
		case intShape, boolShape, strShape, bufShape:
			panic("BUG: property: a path into a scalar")
		}
		s = s.elems[i]
	}
	return text, s
}

func (p path) of(v val) val {
	for _, i := range p {
		v = v.([]val)[i]
	}
	return v
}

// paths returns the ways to the parts of a shape that want asks for.
func (s shape) paths(want func(shape) bool) (out []path) {
	if want(s) {
		out = append(out, nil)
	}
	for i, e := range s.elems {
		for _, p := range e.paths(want) {
			out = append(out, append(path{i}, p...))
		}
	}
	return out
}

func isInt(s shape) bool { return s.kind == intShape }
