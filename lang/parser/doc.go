// Package parser turns script text into an ast.Program.
//
// Parse never fails: what it cannot read it reports to the diag.List, leaves a BadExpr or BadStmt in the tree where one is
// needed, and resumes at the next statement or block, so that one run shows several errors. Every diagnostic has a Code.
//
// The text is cut into tokens by a scanner of its own (scan*.go) that implements participle's lexer.Definition: where a
// path, a wildcard or a predicate ends, and whether `>` closes an action block, depends on what stands around it, which
// rules over regular expressions cannot say. participle runs the top level of the script and hands each declaration to
// recursive functions; expressions are read by precedence climbing over ast's operator table, so the tree is the AST.
//
// It must not import types, builtins or anything else that knows what names mean: whether `x` in `(x) y` is a type is
// decided by the rules at looksLikeCast alone.
package parser
