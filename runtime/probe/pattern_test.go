package probe

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPattern(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"abc", "abc", true},
		{"abc", "abcd", false},
		{"*", "", true},
		{"*", "abc", true},
		{"a*c", "abc", true},
		{"a*c", "ac", true},
		{"a*c", "acb", false},
		{"a*a", "a", false},
		{"*b*", "abc", true},
		{"*b*d*", "abcde", true},
		{"*d*b*", "abcde", false},
		{"a**c", "abc", true},
		{"a?c", "abc", false}, // only * is a wildcard
	}
	for _, test := range tests {
		require.Equal(t, test.want, newPattern(test.pattern).match(test.name), "%s %s", test.pattern, test.name)
	}
}

func TestQueryOfBPFFunctions(t *testing.T) {
	tests := []struct {
		query             string
		program, function string // what the parts must match; "" where none does
		wants             bool
	}{
		{"*enter*", "17", "my_enter_1", true},
		{"bpf:halt", "17", "halt", true},
		{"bpf:17:halt", "17", "halt", true},
		{"ext4:halt", "", "", false},
	}
	for _, test := range tests {
		q := query{parts: patterns(test.query)}
		require.Equal(t, test.wants, q.wantsBPF(), test.query)
		if test.wants {
			require.True(t, q.bpfPart(-2).match(test.program), test.query)
			require.True(t, q.bpfPart(-1).match(test.function), test.query)
			require.False(t, q.bpfPart(-1).match("other"), test.query)
		}
	}
	require.False(t, query{parts: patterns("bpf:17:halt")}.bpfPart(-2).match("18"))
}
