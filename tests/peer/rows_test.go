package peer_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/peer"
)

// A row is a part of the language in docs/conformance.md with the entries that name its cases.
type row struct {
	name    string
	entries []string
}

// readRows reads the tables of docs/conformance.md.
func readRows(t *testing.T) []row {
	t.Helper()
	text, err := os.ReadFile("../../docs/conformance.md")
	require.NoError(t, err)
	var rows []row
	for line := range strings.Lines(string(text)) {
		name, cases, ok := strings.Cut(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if !strings.HasPrefix(line, "| ") || !ok || strings.TrimSpace(name) == "row" {
			continue
		}
		r := row{name: strings.TrimSpace(name)}
		for e := range strings.SplitSeq(cases, ";") {
			r.entries = append(r.entries, strings.TrimSpace(e))
		}
		rows = append(rows, r)
	}
	return rows
}

// A caseID is the file and the name of a case.
type caseID struct{ file, name string }

// readIDs lists the table's cases, with the long ones or without.
func readIDs(t *testing.T, long bool) []caseID {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	var ids []caseID
	for _, path := range paths {
		list, err := peer.Read(path)
		require.NoError(t, err)
		for _, c := range list {
			if long || c.Long == "" {
				ids = append(ids, caseID{filepath.Base(path), c.Name})
			}
		}
	}
	return ids
}

// matcher returns what tells whether a case of a file is meant by an entry: a name, a name with * for any text, or a whole file.
func matcher(entry string) func(file, name string) bool {
	if whole, ok := strings.CutPrefix(entry, "all of "); ok {
		return func(file, _ string) bool { return file == whole }
	}
	pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(entry), `\*`, ".*") + "$")
	return func(_, name string) bool { return pattern.MatchString(name) }
}

// Every entry of docs/conformance.md stands for a case, and every case stands in one of its rows.
func TestRowsAndCases(t *testing.T) {
	cases := map[caseID]bool{} // whether a case is in a row
	for _, id := range readIDs(t, true) {
		require.NotContains(t, cases, id, "two cases of a file with one name")
		cases[id] = false
	}
	require.Greater(t, len(cases), 1800)
	rows := readRows(t)
	require.Greater(t, len(rows), 90)
	for _, r := range rows {
		for _, e := range r.entries {
			means, found := matcher(e), false
			for id := range cases {
				if means(id.file, id.name) {
					cases[id], found = true, true
				}
			}
			require.True(t, found, "row %s: no case is meant by %q", r.name, e)
		}
	}
	for id, named := range cases {
		require.True(t, named, "no row of docs/conformance.md names %q of %s", id.name, id.file)
	}
}
