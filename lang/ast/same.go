package ast

import (
	"slices"
	"strings"
)

// Same reports whether two programs have the same tree, places and the author's choice of parentheses aside, and the same
// comments, maybe in another order and with other blanks at line ends and beginnings.
func Same(a, b *Program) bool {
	return tree(a) == tree(b) && slices.Equal(sortedComments(a), sortedComments(b))
}

func tree(p *Program) string {
	var b strings.Builder
	Print(&b, p)
	return b.String()
}

func sortedComments(p *Program) []string {
	texts := make([]string, len(p.Comments))
	for i, c := range p.Comments {
		lines := strings.Split(c.Text, "\n")
		for j, l := range lines {
			lines[j] = strings.TrimSpace(l)
		}
		texts[i] = strings.Join(lines, "\n")
	}
	slices.Sort(texts)
	return texts
}
