package diag

import (
	"fmt"
	"sort"
	"strings"
)

// File is one piece of source text. Spans are offsets into its Text.
type File struct {
	// Name is what diagnostics print: the path as the user gave it, or "stdin" for text given with -e or on standard input.
	Name string
	Text string
	// From is the place whose expansion put this text there: the call of a macro, for the copy of the macro's body made for that
	// call. It has no file for text that stands where it was written.
	From Span
	// Original is the file as it was read, for a copy.
	Original *File

	lines []int // offset of the first byte of every line
}

// Expanded returns a file of the same name and text, for a copy of it, or of a part of it, that stands at a place.
func (f *File) Expanded(from Span) *File {
	original := f
	if f.Original != nil {
		original = f.Original
	}
	return &File{Name: f.Name, Text: f.Text, From: from, Original: original, lines: f.lines}
}

// NewFile returns a file with its line table computed.
func NewFile(name, text string) *File {
	lines := []int{0}
	for i := 0; i < len(text); i++ {
		if text[i] == '\n' {
			lines = append(lines, i+1)
		}
	}
	return &File{Name: name, Text: text, lines: lines}
}

// Span is a half-open range of bytes, [Start, End), in a File. The zero Span has no file and means "no place".
type Span struct {
	File       *File
	Start, End int
}

// IsValid reports whether the span points into a file.
func (s Span) IsValid() bool { return s.File != nil }

// Written returns the place in the text as the user wrote it that the span comes from: the outermost call, for a span in the
// body of a macro, else the span itself.
func (s Span) Written() Span {
	for s.File != nil && s.File.From.IsValid() {
		s = s.File.From
	}
	return s
}

// Join returns the smallest span that covers both. An invalid span counts as nothing.
func (s Span) Join(o Span) Span {
	switch {
	case !s.IsValid():
		return o
	case !o.IsValid() || o.File != s.File:
		return s
	}
	return Span{File: s.File, Start: min(s.Start, o.Start), End: max(s.End, o.End)}
}

// Text returns the source text of the span.
func (s Span) Text() string {
	if !s.IsValid() {
		return ""
	}
	return s.File.Text[s.Start:s.End]
}

// Pos is a line and a column, both counted from 1; columns count bytes.
type Pos struct{ Line, Col int }

// Pos returns the place of a byte offset.
func (f *File) Pos(offset int) Pos {
	offset = max(0, min(offset, len(f.Text)))
	i := sort.SearchInts(f.lines, offset+1) - 1
	return Pos{Line: i + 1, Col: offset - f.lines[i] + 1}
}

// Line returns the text of a line (counted from 1) without its line end.
func (f *File) Line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	end := len(f.Text)
	if n < len(f.lines) {
		end = f.lines[n] - 1
	}
	return strings.TrimSuffix(f.Text[f.lines[n-1]:end], "\r")
}

// Pos returns the place of the span's first byte.
func (s Span) Pos() Pos {
	if !s.IsValid() {
		return Pos{}
	}
	return s.File.Pos(s.Start)
}

// String returns the place as bpftrace writes it: file:line:col1-col2, or file:line1-line2 for a span over several lines.
func (s Span) String() string {
	if !s.IsValid() {
		return "-"
	}
	a, b := s.File.Pos(s.Start), s.File.Pos(max(s.Start, s.End))
	if a.Line != b.Line {
		return fmt.Sprintf("%s:%d-%d", s.File.Name, a.Line, b.Line)
	}
	return fmt.Sprintf("%s:%d:%d-%d", s.File.Name, a.Line, a.Col, max(a.Col+1, b.Col))
}
