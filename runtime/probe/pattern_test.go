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
