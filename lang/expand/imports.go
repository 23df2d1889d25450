package expand

import "github.com/gtrace/gtrace/lang/ast"

// Importer reads what scripts import.
type Importer interface{}

func (e *expander) imports(*ast.Program) {}
