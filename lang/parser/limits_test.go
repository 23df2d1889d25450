package parser_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/diag"
)

// TestNesting checks that deep nesting of every kind is refused once, and soon.
func TestNesting(t *testing.T) {
	const n = 20000
	for _, c := range []struct{ name, before, repeat, after string }{
		{"parentheses", "BEGIN { $x = ", "(", ""},
		{"closed parentheses", "BEGIN { $x = ", "(", strings.Repeat(")", n) + "; }"},
		{"negations", "BEGIN { $x = ", "-", "1; }"},
		{"not", "BEGIN { $x = ", "!", "1; }"},
		{"casts", "BEGIN { $x = ", "(uint8)", "1; }"},
		{"blocks", "BEGIN ", "{", ""},
		{"ifs", "BEGIN { ", "if (1) {", ""},
		{"if expressions", "BEGIN { $x = ", "if (1) { 1 } else ", "{ 1 }; }"},
		{"ternaries", "BEGIN { $x = ", "1 ? 2 : ", "3; }"},
		{"map keys", "BEGIN { ", "@[", ""},
		{"indices", "BEGIN { $x = $y", "[0]", "; }"},
		{"fields", "BEGIN { $x = $y", ".a", "; }"},
		{"calls", "BEGIN { ", "f(", ""},
		{"sums", "BEGIN { $x = 1", " + 1", "; }"},
		{"else ifs", "BEGIN { if (1) { }", " else if (1) { }", " }"},
		{"pointers", "BEGIN { let $x: a", "*", "; }"},
		{"arrays", "BEGIN { let $x: a", "[1]", "; }"},
		{"tuple types", "BEGIN { let $x: ", "(", ""},
		{"comptime", "BEGIN { $x = ", "comptime ", "1; }"},
		{"predicate", "kprobe:f /", "(", "/ { }"},
		{"typeof casts", "BEGIN { $x = ", "(typeof(", ""},
		{"braces in C", "struct x ", "{", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, diags := parse(c.before + strings.Repeat(c.repeat, n) + c.after)
			if c.name == "braces in C" {
				require.Equal(t, []diag.Code{"missing-brace"}, codesOf(diags))
				return
			}
			codes := codesOf(diags)
			require.Contains(t, codes, diag.Code("nesting"))
			require.LessOrEqual(t, len(codes), 3)
		})
	}
}

// TestTimeIsLinear feeds long texts that would take minutes if anything were looked at again for each token.
func TestTimeIsLinear(t *testing.T) {
	for _, c := range []struct{ name, before, repeat string }{
		{"bad characters", "BEGIN {", " \x01"},
		{"slashes", "kprobe:f", "/x"},
		{"path", "kprobe:/", "/x"},
		{"missing semicolons", "BEGIN {", "f() "},
		{"attach points", "", "k:f,"},
		{"quotes", "BEGIN {", "'\""},
		{"angles", "BEGIN <", "$x > "},
		{"open probes", "", "kprobe:f { $x = \n"},
		{"open parentheses", "BEGIN {", "f((; "},
		{"comments", "BEGIN {", "/**/"},
		{"stars", "BEGIN {", "f(a******, "},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			parse(c.before + strings.Repeat(c.repeat, 50000))
			require.Less(t, time.Since(begin), 20*time.Second)
		})
	}
}

// TestNestingAllowed checks that what people write is far from the limits.
func TestNestingAllowed(t *testing.T) {
	for _, text := range []string{
		"BEGIN { $x = " + strings.Repeat("(", 90) + "1" + strings.Repeat(")", 90) + "; }",
		"BEGIN { " + strings.Repeat("if (1) { ", 90) + "f();" + strings.Repeat("}", 90) + "}",
		"BEGIN { $x = 1" + strings.Repeat(" + 1", 4000) + "; }",
		"BEGIN { if (1) { }" + strings.Repeat(" else if (1) { }", 1000) + " }",
	} {
		_, diags := parse(text)
		require.Empty(t, diags)
	}
}

func codesOf(diags []diag.Diagnostic) []diag.Code {
	var codes []diag.Code
	for _, d := range diags {
		codes = append(codes, d.Code)
	}
	return codes
}
