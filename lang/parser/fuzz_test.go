package parser_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// maxFuzz keeps the fuzzers off texts longer than scripts are.
const maxFuzz = 1 << 14

// FuzzParse checks that no text makes the parser panic or hang, and that what it reports has a place in the text.
func FuzzParse(f *testing.F) {
	for _, text := range everyScript(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > maxFuzz {
			return // longer than scripts are
		}
		prog, diags := parse(text)
		require.NotNil(t, prog)
		for _, d := range diags {
			require.NotEmpty(t, d.Code)
			require.True(t, 0 <= d.Span.Start && d.Span.Start <= d.Span.End && d.Span.End <= len(text), "%v", d.Span)
		}
	})
}

// FuzzFormat checks that a script and its formatted text are the same to the parser, comments included, and that formatting
// it again changes nothing.
func FuzzFormat(f *testing.F) {
	for _, text := range everyScript(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > maxFuzz {
			return // longer than scripts are
		}
		requireStable(t, text)
	})
}
