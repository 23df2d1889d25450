package ast

import "strings"

// wide returns an expression that begins at a column (behind the indentation) and has some characters behind it, broken
// at its lists and operators if it does not fit its line. Further lines are aligned with what they go on with.
func (f *formatter) wide(x Expr, col, behind int) string {
	text := f.expr(x, 0)
	if strings.Contains(text, "\n") || f.indent*len(indentStep)+col+len(text)+behind <= formatWidth {
		return text
	}
	if f.parens[x] || f.needsParens(x, 0) {
		return "(" + f.broken(x, col+1, behind+1) + ")"
	}
	return f.broken(x, col, behind)
}

func (f *formatter) broken(x Expr, col, behind int) string {
	switch x := x.(type) {
	case *CallExpr:
		return f.fill(x.Func+"(", len(x.Args), ",", ")", col, behind, func(i, col, behind int) string {
			if t, ok := x.TypeArgs[i]; ok {
				return f.typ(t)
			}
			return f.wide(x.Args[i], col, behind)
		})
	case *MapExpr:
		if t, ok := x.Key.(*TupleLit); ok && t.Implicit {
			return f.fillList("@"+x.Name+"[", t.Elems, "]", col, behind)
		}
	case *TupleLit:
		if len(x.Elems) > 1 {
			return f.fillList("(", x.Elems, ")", col, behind)
		}
	case *BinaryExpr:
		return f.brokenBinary(x, col, behind)
	case *TernaryExpr:
		return f.brokenTernary(x, col, behind)
	default: // no other type matters here
	}
	return f.bare(x)
}

func (f *formatter) fillList(left string, list []Expr, right string, col, behind int) string {
	return f.fill(left, len(list), ",", right, col, behind, func(i, col, behind int) string {
		return f.wide(list[i], col, behind)
	})
}

// fill puts as many items on each line as fit, beginning with the last line, as bpftrace does: what leads a list, such as
// a format, then often has a line of its own. item returns the text of one, given its column and what stands behind it.
func (f *formatter) fill(left string, n int, sep, right string, col, behind int, item func(i, col, behind int) string) string {
	start, open := col+len(left), ""
	if start > formatWidth/2 && left != "" {
		start = col + len(indentStep)
		open = "\n" + f.blanks(start)
	}
	texts := make([]string, n)
	for i := range texts {
		if i < n-1 {
			texts[i] = item(i, start, len(sep)) + sep
		} else {
			texts[i] = item(i, start, len(right)+behind) + right
		}
	}
	breaks := f.lineStarts(texts, start, behind)
	var b strings.Builder
	b.WriteString(left + open)
	for i, text := range texts {
		switch {
		case i > 0 && breaks[i]:
			b.WriteString("\n" + f.blanks(start))
		case i > 0:
			b.WriteByte(' ')
		}
		b.WriteString(text)
	}
	return b.String()
}

// lineStarts says which items begin a line, for items that begin at a column.
func (f *formatter) lineStarts(texts []string, start, behind int) []bool {
	room := formatWidth - len(f.tabs()) - start
	breaks := make([]bool, len(texts)+1)
	used := behind
	for i := len(texts) - 1; i >= 0; i-- {
		long := strings.Contains(texts[i], "\n") // has its lines to itself
		if i < len(texts)-1 && (long || used+len(texts[i])+1 > room) {
			breaks[i+1] = true
			used = 0
		}
		used += len(texts[i]) + 1
		if long {
			used = room
		}
	}
	return breaks
}

func (f *formatter) blanks(col int) string { return f.tabs() + strings.Repeat(" ", col) }

// brokenBinary breaks a chain of operators of one level behind its operators.
func (f *formatter) brokenBinary(x *BinaryExpr, col, behind int) string {
	level := x.Op.Precedence()
	operands, ops := []Expr{x.Y}, []string{x.Op.String()}
	left := x.X
	for {
		b, ok := left.(*BinaryExpr)
		if !ok || b.Op.Precedence() != level || f.parens[b] || f.needsParens(b, level) {
			break
		}
		operands, ops = append(operands, b.Y), append(ops, b.Op.String())
		left = b.X
	}
	operands = append(operands, left)
	n := len(operands)
	return f.fill("", n, "", "", col, behind, func(i, col, behind int) string {
		need := level
		if i > 0 {
			need++
		}
		text := f.wideAt(operands[n-1-i], need, col, behind+1+len(x.Op.String()))
		if i < n-1 {
			text += " " + ops[n-2-i]
		}
		return text
	})
}

// wideAt is wide for a place that wants a level of binding.
func (f *formatter) wideAt(x Expr, level, col, behind int) string {
	if f.needsParens(x, level) && !f.parens[x] {
		return f.expr(x, level)
	}
	return f.wide(x, col, behind)
}

func (f *formatter) brokenTernary(x *TernaryExpr, col, behind int) string {
	cond := f.wideAt(x.Cond, 1, col, 0)
	in := "\n" + f.blanks(col+len(indentStep))
	if x.Then == nil {
		return cond + in + "?: " + f.wide(x.Else, col+len(indentStep)+3, behind)
	}
	return cond + in + "? " + f.wide(x.Then, col+len(indentStep)+2, 0) + in + ": " + f.wide(x.Else, col+len(indentStep)+2, behind)
}
