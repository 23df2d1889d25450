package host

import (
	"fmt"
	"strconv"
	"strings"
)

// Format is the layout of a tracepoint's record, as tracefs describes it.
type Format struct {
	ID     int
	Fields []FormatField
}

// FormatField is a field of a tracepoint's record.
type FormatField struct {
	// Decl is the C declaration as it stands in the file: "char comm[16]".
	Decl string
	// Type is the C type without name and array length.
	Type, Name string
	// Len is the number of elements of an array whose length is written as a number; Array is set for all arrays.
	Len   int
	Array bool
	// Offset and Size are in bytes.
	Offset, Size int
	Signed       bool
	// DataLoc is set where the record holds a 32-bit word that says where the data is: low half the offset, high half the length.
	// RelLoc is the same with the offset counted from the end of the word.
	DataLoc, RelLoc bool
	// Common is set for the fields that all tracepoints have; programs cannot read them.
	Common bool
}

// ParseFormat reads a format file.
func ParseFormat(text string) (*Format, error) {
	f := &Format{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if id, ok := strings.CutPrefix(line, "ID:"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(id))
			if err != nil {
				return nil, fmt.Errorf("tracepoint id %q: %w", id, err)
			}
			f.ID = n
		}
		rest, ok := strings.CutPrefix(line, "field:")
		if !ok {
			continue
		}
		field, err := parseField(rest)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", line, err)
		}
		f.Fields = append(f.Fields, field)
	}
	return f, nil
}

// parseField reads "DECL; offset:N; size:N; signed:N;".
func parseField(text string) (FormatField, error) {
	parts := strings.Split(text, ";")
	f := FormatField{Decl: strings.TrimSpace(parts[0])}
	for _, p := range parts[1:] {
		key, value, ok := strings.Cut(strings.TrimSpace(p), ":")
		if !ok {
			continue
		}
		n, err := strconv.Atoi(value)
		if err != nil {
			return f, err
		}
		switch key {
		case "offset":
			f.Offset = n
		case "size":
			f.Size = n
		case "signed":
			f.Signed = n != 0
		}
	}
	f.parseDecl()
	f.Common = strings.HasPrefix(f.Name, "common_")
	return f, nil
}

// parseDecl splits the declaration into location, type, name and array length.
func (f *FormatField) parseDecl() {
	decl := f.Decl
	if rest, ok := strings.CutPrefix(decl, "__data_loc "); ok {
		decl, f.DataLoc = rest, true
	} else if rest, ok := strings.CutPrefix(decl, "__rel_loc "); ok {
		decl, f.RelLoc = rest, true
	}
	if strings.HasSuffix(decl, "]") { // char name[16]
		open := strings.LastIndexByte(decl, '[')
		f.Array = true
		f.Len, _ = strconv.Atoi(strings.TrimSpace(decl[open+1 : len(decl)-1]))
		decl = decl[:open]
	}
	split := strings.LastIndexAny(decl, " *") + 1
	f.Name = decl[split:]
	f.Type = strings.TrimSpace(decl[:split])
	if rest, ok := strings.CutSuffix(f.Type, "[]"); ok { // char[] name
		f.Type, f.Array = strings.TrimSpace(rest), true
	}
}

// Args returns the fields that scripts see.
func (f *Format) Args() []FormatField {
	var out []FormatField
	for _, field := range f.Fields {
		if !field.Common {
			out = append(out, field)
		}
	}
	return out
}
