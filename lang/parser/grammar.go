package parser

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/gtrace/gtrace/lang/ast"
)

// script is the grammar's root. Each declaration is read by parser.decl, which reports and recovers by itself: a grammar
// in tags stops at its first error, and would have to know where a construct that is broken ends.
type script struct {
	Shebang string     `parser:"@Shebang?"`
	Decls   []ast.Decl `parser:"@@*"`
}

// build makes the participle parser over a scanner and the functions of one parse. It is cheap because the grammar is
// small, and it keeps the state of a parse out of package variables.
func build(s *scanner, decl func(*lexer.PeekingLexer) (ast.Decl, error)) *participle.Parser[script] {
	return participle.MustBuild[script](participle.Lexer(s), participle.ParseTypeWith(decl))
}
