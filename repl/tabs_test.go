package repl

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMenu(t *testing.T) {
	tests := []struct {
		name  string
		words []Candidate
		width int
		want  string
	}{
		{"nothing", nil, 80, ""},
		{"columns", []Candidate{{Text: "a"}, {Text: "bb"}, {Text: "ccc"}}, 11, "a    bb\nccc\n"},
		{"narrow", []Candidate{{Text: "abcdef"}, {Text: "b"}}, 4, "abcdef\nb\n"},
		{"details", []Candidate{{"comm", "string[16]"}, {"pid", ""}}, 12, "comm  stri…\npid\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, menu(Completion{Candidates: tt.words, Total: len(tt.words)}, tt.width))
		})
	}
	many := Completion{Total: 5000}
	for i := range 150 {
		many.Candidates = append(many.Candidates, Candidate{Text: fmt.Sprintf("name%03d", i), Detail: "x"})
	}
	out := menu(many, 80)
	require.Contains(t, out, "name000  name001")
	require.Contains(t, out, "name119\n… and 4880 more\n")
}

// fixed proposes the same always.
type fixed struct{ Completion }

func (f fixed) Complete(string, int) Completion { return f.Completion }

func TestTab(t *testing.T) {
	tests := []struct {
		name  string
		c     Completion
		want  string
		typed int
	}{
		{"one way", Completion{Start: 6, Common: "printf(", Candidates: []Candidate{{Text: "printf("}}}, "ntf(", 3},
		{"common part", Completion{Start: 6, Common: "prin", Candidates: []Candidate{{Text: "print("}, {Text: "printf("}}}, "n", 3},
		{"complete", Completion{Start: 6, Common: "pri", Candidates: []Candidate{{Text: "pri"}}}, "", 0},
		{"outside", Completion{Start: 1, Common: "printf("}, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := &editor{complete: fixed{tt.c}, pending: "abc\n"}
			got, typed := tabs{e}.Do([]rune("  pri"), 5)
			require.Equal(t, tt.typed, typed)
			if tt.want == "" {
				require.Empty(t, got)
				return
			}
			require.Equal(t, tt.want, string(got[0]))
		})
	}
}
