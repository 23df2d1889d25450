package cdef_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/cdef"
)

// TestBadInputIsBounded feeds texts that would take minutes or all memory if anything grew without a bound.
func TestBadInputIsBounded(t *testing.T) {
	const n = 100_000
	for _, c := range []struct{ name, text, want string }{
		{"calls without an end", "#define A(x) x\nint " + strings.Repeat("A(", n), ""},
		{"calls in calls", "#define A(x) x x\n#define B(x) A(A(x))\nint " + strings.Repeat("B(", 90) + "1" + strings.Repeat(")", 90) + ";", ""},
		{"an argument many times", "#define A(x) " + strings.Repeat("x ", 5000) + "\nint A(" + strings.Repeat("1 ", n) + ");", "grow to more than"},
		{
			"doubling", "#define A0 1 1\n" + doubling(60) + "int x[A60];",
			"grow to more than",
		},
		{"macro of itself", "#define A A A\nint A;", ""},
		{"open braces", strings.Repeat("struct { ", n), ""},
		{"pointers", "struct a { int " + strings.Repeat("*", n) + "p; };", ""},
		{"arrays", "struct a { int p" + strings.Repeat("[1]", n) + "; };", ""},
		{"parentheses", "struct a { int p[" + strings.Repeat("(", n) + "1" + strings.Repeat(")", n) + "]; };", ""},
		{"conditions", strings.Repeat("#if 1\n", n), "unterminated"},
		{"a condition", "#if " + strings.Repeat("!", n) + "1\n#endif", ""},
		{"a struct of itself", "struct a { struct a x; };", "incomplete"},
		{"two structs of each other", "struct a { struct b x; }; struct b { struct a x; };", ""},
		{"many members", "struct a {" + strings.Repeat(" int x;", n) + "};", ""},
		{"packings", strings.Repeat("#pragma pack(push, 1)\n", n), "nested more than"},
		{"one long name", "struct " + strings.Repeat("a", 10<<20) + " { int x; };", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			_, diags := parseWith(c.text, cdef.Options{})
			require.Less(t, time.Since(begin), 10*time.Second)
			if c.want != "" {
				require.True(t, diags.HasErrors())
				require.Contains(t, diags.All()[0].Message, c.want)
			}
			require.Less(t, len(diags.All()), 1000, "a mistake is not reported for each of its words")
		})
	}
}

// doubling returns macros each of which stands for twice the one before.
func doubling(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("#define A" + strconv.Itoa(i+1) + " A" + strconv.Itoa(i) + " A" + strconv.Itoa(i) + "\n")
	}
	return b.String()
}
