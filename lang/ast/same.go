package ast

import (
	"fmt"
	"slices"
	"strings"
)

// Same reports whether two programs have the same tree, places and the author's choice of parentheses aside, and the same
// comments, maybe in another order and with other blanks at line ends and beginnings.
func Same(a, b *Program) bool {
	return tree(a) == tree(b) && slices.Equal(sortedComments(a), sortedComments(b))
}

// tree is what Print writes, with the depth of each node as a number: indented, a long chain of operators would take space with the square of
// its length.
func tree(p *Program) string {
	var b strings.Builder
	writeTree(&b, p, 0)
	return b.String()
}

func writeTree(b *strings.Builder, n Node, depth int) {
	fmt.Fprintln(b, depth, typeName(n), label(n))
	eachChild(n, func(c Node) { writeTree(b, c, depth+1) })
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
