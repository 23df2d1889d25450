package ast

import "github.com/gtrace/gtrace/lang/diag"

// Relocate changes the spans of a node and of all that is under it. It returns the number of nodes.
func Relocate(root Node, move func(diag.Span) diag.Span) (nodes int) {
	Walk(root, func(n Node) bool {
		nodes++
		if p, ok := n.(interface{ place() *Place }); ok {
			p.place().At = move(p.place().At)
		}
		switch n := n.(type) {
		case *CallExpr:
			n.FuncSpan = move(n.FuncSpan)
			for i := range n.TypeArgs { // what stands for a type argument is not visited
				if of, ok := n.Args[i].(*TypeofExpr); ok {
					of.At = move(of.At)
				}
			}
		case *BinaryExpr:
			n.OpSpan = move(n.OpSpan)
		case *CastExpr:
			n.TypeSpan = move(n.TypeSpan)
		case *FieldExpr:
			n.NameSpan = move(n.NameSpan)
		case *AssignStmt:
			n.OpSpan = move(n.OpSpan)
		}
		return true
	})
	return nodes
}
