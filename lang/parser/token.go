package parser

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// The kinds of tokens. A token's Value is its source text, so that its end is its offset plus its length.
const (
	tokShebang lexer.TokenType = lexer.EOF - 1 - iota
	tokCText                   // a C definition or preprocessor line
	tokAttach                  // text in an attach point: kprobe, vfs_*, /bin/sh, f+0x10, $1
	tokIdent
	tokInt
	tokString     // with its quotes and escapes
	tokVar        // $x
	tokPosParam   // $1, $#
	tokMap        // @, @x
	tokOp         // an operator or punctuation
	tokPredOpen   // the / before a predicate
	tokPredClose  // the / after it
	tokAngleOpen  // the < before an action block
	tokAngleClose // the > after it
	tokInvalid    // what the scanner has reported; stands where an operand could
)

var symbols = map[string]lexer.TokenType{
	"EOF": lexer.EOF, "Shebang": tokShebang, "CText": tokCText, "Attach": tokAttach, "Ident": tokIdent, "Int": tokInt,
	"String": tokString, "Var": tokVar, "PosParam": tokPosParam, "Map": tokMap, "Op": tokOp, "PredOpen": tokPredOpen,
	"PredClose": tokPredClose, "AngleOpen": tokAngleOpen, "AngleClose": tokAngleClose, "Invalid": tokInvalid,
}

// operators are all operators of more than one character, longest first.
var operators = []string{
	"<<=", ">>=",
	"->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "..",
	"+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=",
}

// operatorChars are the operators and punctuation of one character.
const operatorChars = "+-*/%&|^~!<>=?:;,.()[]{}"

// keywords are the words that cannot be an expression by themselves.
var keywords = map[string]bool{
	"break": true, "continue": true, "else": true, "fn": true, "for": true, "import": true,
	"let": true, "macro": true, "return": true, "unroll": true, "while": true,
}

// typeWords are the names that are types wherever they stand. Words that scripts may well use for values, such as buffer or
// timestamp, are types only where nothing else can stand.
var typeWords = map[string]bool{
	"bool": true, "string": true, "void": true,
	"int8": true, "int16": true, "int32": true, "int64": true, "uint8": true, "uint16": true, "uint32": true, "uint64": true,
	"char": true, "short": true, "int": true, "long": true, "unsigned": true, "signed": true, "size_t": true,
	"count_t": true, "sum_t": true, "min_t": true, "max_t": true, "avg_t": true, "stats_t": true, "hist_t": true,
	"lhist_t": true, "tseries_t": true, "ksym_t": true, "usym_t": true, "kstack_t": true, "ustack_t": true,
}

// isTypeKeyword reports whether a word can only begin a type.
func isTypeKeyword(w string) bool { return w == "struct" || w == "union" || w == "enum" }

// describe names a token in the user's words.
func describe(t *lexer.Token) string {
	switch t.Type {
	case lexer.EOF:
		return "end of script"
	case tokString:
		return "string " + shorten(t.Value)
	case tokInt:
		return "number " + t.Value
	case tokCText:
		return "C definition"
	case tokPredOpen, tokPredClose:
		return "`/`"
	case tokIdent:
		if keywords[t.Value] || t.Value == "if" {
			return "keyword `" + t.Value + "`"
		}
	}
	return "`" + shorten(t.Value) + "`"
}

// shorten keeps messages on one line.
func shorten(text string) string {
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		text = text[:i] + "…"
	}
	if r := []rune(text); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return text
}
