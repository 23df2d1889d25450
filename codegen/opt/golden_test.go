package opt

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/ir"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// goldenCase is a section pair of a golden file: "-- name: in --" and "-- name: out --".
type goldenCase struct{ name, in, out string }

func readGolden(t *testing.T, path string) []goldenCase {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var cases []goldenCase
	for _, section := range strings.Split("\n"+string(data), "\n-- ")[1:] {
		head, body, ok := strings.Cut(section, " --\n")
		require.True(t, ok, "bad section in %s", path)
		name, kind, ok := strings.Cut(head, ": ")
		require.True(t, ok, "bad section %q in %s", head, path)
		body = strings.TrimRight(body, "\n") + "\n"
		if kind == "in" {
			cases = append(cases, goldenCase{name: name, in: body})
		} else {
			cases[len(cases)-1].out = body
		}
	}
	return cases
}

func writeGolden(t *testing.T, path string, cases []goldenCase) {
	t.Helper()
	var b strings.Builder
	for i, c := range cases {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("-- " + c.name + ": in --\n" + c.in + "\n-- " + c.name + ": out --\n" + c.out)
	}
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o644))
}

// TestPasses runs each pass on the texts of testdata/NAME.txtar, and the pipeline on those of pipeline.txtar.
func TestPasses(t *testing.T) {
	passes := append(append(cleanup(), placement()...), pass{"pipeline", func(f *ir.Func) bool {
		runFunc(f)
		return true
	}})
	for _, p := range passes {
		t.Run(p.name, func(t *testing.T) {
			path := filepath.Join("testdata", p.name+".txtar")
			cases := readGolden(t, path)
			require.GreaterOrEqual(t, len(cases), 4)
			for i, c := range cases {
				got := runGolden(t, p, c)
				if *update {
					cases[i].out = got
					continue
				}
				require.Equal(t, c.out, got, c.name)
			}
			if *update {
				writeGolden(t, path, cases)
			}
		})
	}
}

func runGolden(t *testing.T, p pass, c goldenCase) string {
	t.Helper()
	m, err := ir.Parse(c.in)
	require.NoError(t, err, c.name)
	require.NoError(t, ir.Validate(m), c.name)
	before := m.String()
	changed := p.run(m.Funcs[0])
	require.NoError(t, ir.Validate(m), c.name)
	require.Equal(t, changed, m.String() != before || p.name == "pipeline", "%s: change is reported as %v", c.name, changed)
	return m.String()
}

// TestDeterministic optimises the same text several times.
func TestDeterministic(t *testing.T) {
	for seed := range uint64(5) {
		text := newRandom(seed).String()
		first := ""
		for range 5 {
			m, err := ir.Parse(text)
			require.NoError(t, err)
			Run(m)
			if first == "" {
				first = m.String()
			}
			require.Equal(t, first, m.String())
		}
	}
}

// TestSettles checks that the cleanup passes come to an end before the bound.
func TestSettles(t *testing.T) {
	for seed := range uint64(60) {
		f := newRandom(seed)
		rounds := 0
		for changed := true; changed; rounds++ {
			changed = false
			for _, p := range cleanup() {
				changed = p.run(f) || changed
			}
			require.Less(t, rounds, maxRounds, "seed %d", seed)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	text := newRandom(3).String()
	b.ReportAllocs()
	for b.Loop() {
		m, err := ir.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		Run(m)
	}
}
