package peer_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/peer"
	"github.com/gtrace/gtrace/tests/testenv"
)

// entry is the line of a map's key whose value is an integer.
var entry = regexp.MustCompile(`^(@\w*)\[.*\]: (-?\d+)$`)

// tie returns the first line of an output whose value is that of the same map's line before, or "".
func tie(output string) string {
	var last []string
	for line := range strings.Lines(output) {
		line = strings.TrimSuffix(line, "\n")
		m := entry.FindStringSubmatch(line)
		if m != nil && last != nil && m[0] != last[0] && m[1] == last[1] && m[2] == last[2] {
			return line
		}
		last = m
	}
	return ""
}

// small matches what gtrace says of a map whose values are numbers of fewer than 64 bits.
var small = regexp.MustCompile(`(?m)^map (@\w*)\[.*\]: (?:u?int(?:8|16|32)|bool|enum .*) \(`)

// shuffled returns the maps of small numbers, by what gtrace says of the script's types, that an output shows several entries of.
func shuffled(output, typesOf string) []string {
	var out []string
	for _, m := range small.FindAllStringSubmatch(typesOf, -1) {
		shown := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(m[1]) + `\[.*\]: .*\n` + regexp.QuoteMeta(m[1]) + `\[`)
		if shown.MatchString(output) {
			out = append(out, m[1])
		}
	}
	return out
}

// bpftrace leaves the entries of maps of small numbers in the order of the kernel's table, which is another one in each run.
func TestNoOrderOfSmallNumbers(t *testing.T) {
	testenv.Privileged(t)
	require.Equal(t, []string{"@a"}, shuffled("@a[1]: 1\n@a[2]: 2\n", "map @a[int8]: int8 (4096)\nmap @b[int8]: int64 (4096)\n"))
	require.Empty(t, shuffled("@a[1]: 1\n@b[1]: 1\n", "map @a[int8]: int8 (4096)\nmap @b[int8]: int8 (4096)\n"))
	require.Empty(t, shuffled("@a[1]: 1\n@a[2]: 2\n", "map @a[int8]: int64 (4096)\n"))
	tracer := []string{testenv.Gtrace(t), "-d", "types", "--dry-run"}
	eachCase(t, func(t *testing.T, worker string, c *peer.Case) {
		if c.Differs != "" || !several.MatchString(c.Want.Stdout) {
			return
		}
		got, err := peer.Run(t.Context(), tracer, worker, c)
		require.NoError(t, err)
		require.Empty(t, shuffled(c.Want.Stdout, got.Stdout), "give the values 64 bits: %s", c.Script)
	})
}

// several matches two entries in succession; whether they are of one map is for shuffled to say.
var several = regexp.MustCompile(`(?m)^@\w*\[.*\]: .*\n@\w*\[`)

// bpftrace prints the keys of equal values in any order, so that a case with such would fail now and then.
func TestNoTies(t *testing.T) {
	require.Equal(t, "@b[2]: 1", tie("@a[1]: 1\n@b[1]: 1\n@b[2]: 1\n"))
	require.Empty(t, tie("@a[1]: 1\n@a[1]: 1\n"), "printed twice")
	require.Empty(t, tie("@a[1]: 1\n@b[1]: 1\n@b[2]: 2\nx\n@b[3]: 2\n"))
	paths, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		cases, err := peer.Read(path)
		require.NoError(t, err)
		for _, c := range cases {
			if c.Differs == "" {
				require.Empty(t, tie(c.Want.Stdout), "%s: %s", path, c.Name)
			}
		}
	}
}
