package ast

import "strings"

// The comments of a script are no part of its tree. They are written at the next place that can hold them: on lines of
// their own before a declaration, a statement, a setting or the end of a block, or behind what they follow on its line.
// What has a comment in its midst, where the layout has no place for it, stands as written.

// lead writes the comments before an offset on lines of their own.
func (f *formatter) lead(b *strings.Builder, offset int) {
	for ; f.next < len(f.comments) && f.comments[f.next].At.Start < offset; f.next++ {
		if f.written[f.next] {
			continue
		}
		c := f.comments[f.next]
		f.separate(b, c.At.Start)
		b.WriteString(f.tabs() + f.shifted(c.At.Start, c.At.End) + "\n")
		f.end = c.At.End
	}
}

// rest writes the comments before the end of a block or of the file.
func (f *formatter) rest(b *strings.Builder, offset int) {
	f.lead(b, offset)
	f.end, f.first = offset, false
}

// separate writes a blank line if there is one in the source between what was written last and an offset.
func (f *formatter) separate(b *strings.Builder, offset int) {
	if !f.first && f.end <= offset && strings.Count(f.file.Text[f.end:offset], "\n") > 1 {
		b.WriteString("\n")
	}
	f.first = false
}

// trailing writes the comments that stand behind what was written last, on its line, unless something follows there.
func (f *formatter) trailing(b *strings.Builder) {
	for f.skipWritten(); f.next < len(f.comments); f.skipWritten() {
		at := f.comments[f.next].At
		if at.Start < f.end || strings.Trim(f.file.Text[f.end:at.Start], " \t\r;,") != "" || !f.endsLine(at.End) {
			return
		}
		b.WriteString(" " + trimLines(at.Text()))
		f.end = at.End
		f.next++
	}
}

func (f *formatter) skipWritten() {
	for f.written[f.next] {
		f.next++
	}
}

// endsLine reports whether behind an offset, and maybe further comments, the line or the block ends.
func (f *formatter) endsLine(offset int) bool {
	text := f.file.Text
	for i := f.next + 1; ; i++ {
		for offset < len(text) && strings.IndexByte(" \t\r;,", text[offset]) >= 0 {
			offset++
		}
		if i >= len(f.comments) || f.comments[i].At.Start != offset {
			break
		}
		offset = f.comments[i].At.End
	}
	return offset >= len(text) || strings.IndexByte("\n}>", text[offset]) >= 0
}

// commentsIn counts the comments that begin in a part of the source and are not written yet.
func (f *formatter) commentsIn(start, end int) int {
	n := 0
	for i := f.next; i < len(f.comments) && f.comments[i].At.Start < end; i++ {
		if f.comments[i].At.Start >= start && !f.written[i] {
			n++
		}
	}
	return n
}

// asWritten returns a part of the source as it is, with its comments, moved to the present indentation.
func (f *formatter) asWritten(start, end int) string {
	for i := f.next; i < len(f.comments) && f.comments[i].At.Start < end; i++ {
		if f.comments[i].At.Start >= start {
			f.written[i] = true
		}
	}
	f.skipWritten()
	for end > start && strings.IndexByte(" \t\r\n", f.file.Text[end-1]) >= 0 {
		end--
	}
	return f.shifted(start, end)
}

// shifted returns a part of the source whose further lines are indented by as much more or less as the first one is.
func (f *formatter) shifted(start, end int) string {
	text := f.file.Text[start:end]
	if !strings.Contains(text, "\n") {
		return trimLines(text)
	}
	line := strings.LastIndexByte(f.file.Text[:start], '\n') + 1
	old := 0
	for line+old < start && isIndent(f.file.Text[line+old]) {
		old++
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines[1:] {
		n := 0
		for n < len(l) && n < old && isIndent(l[n]) {
			n++
		}
		lines[i+1] = f.tabs() + l[n:]
	}
	return trimLines(strings.Join(lines, "\n"))
}

func isIndent(c byte) bool { return c == ' ' || c == '\t' }

// trimLines takes the blanks off the ends of lines.
func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t\r")
	}
	return strings.Join(lines, "\n")
}

// endsInLineComment reports whether the last line of a text without its end would go on as a comment.
func endsInLineComment(text string) bool {
	last := text[strings.LastIndexByte(text, '\n')+1:]
	return strings.Contains(last, "//") && !strings.HasSuffix(last, "*/")
}
