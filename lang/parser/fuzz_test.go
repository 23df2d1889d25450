package parser_test

import (
	"testing"
)

// FuzzParse checks that no text makes the parser panic or hang, and that what it accepts has a canonical form with the
// same tree.
func FuzzParse(f *testing.F) {
	for _, name := range goldenFiles(f) {
		f.Add(readGolden(f, name).script)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			return // longer than scripts are
		}
		requireStable(t, text)
	})
}
