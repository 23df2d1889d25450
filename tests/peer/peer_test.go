package peer_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/peer"
	"github.com/gtrace/gtrace/tests/testenv"
)

var updatePeer = flag.Bool("update-peer", false, "rewrite what is expected from what bpftrace prints")

// TestConformance runs the table under gtrace. With -update it rewrites what the cases expect that differ on purpose, and adds hints.
func TestConformance(t *testing.T) {
	testenv.Privileged(t)
	tracer := []string{testenv.Gtrace(t)}
	kernel, sum := testenv.Running(t), newSummary()
	eachCase(t, func(t *testing.T, worker string, c *peer.Case) {
		if sum.leaves(c, kernel) {
			return
		}
		if refusal := c.Refusal(kernel); refusal != "" {
			refused(t, tracer, worker, c, refusal)
			return
		}
		if (c.Differs != "" || c.Words != "") && testenv.Update() {
			record(t, tracer, worker, c)
			return
		}
		got := check(t, tracer, worker, c)
		if testenv.Update() && peer.WithoutHints(got.Messages, c.Want.Messages) == c.Want.Messages {
			c.Want.Messages = got.Messages
		}
		if c.Told {
			require.Equal(t, c.Want.Messages, got.Messages, c.Script)
		}
	})
	if inGuest() {
		fmt.Println(sum)
	}
}

// refused runs a case that the kernel is too old for.
func refused(t *testing.T, tracer []string, worker string, c *peer.Case, refusal string) {
	t.Helper()
	got, err := peer.Run(t.Context(), tracer, worker, c)
	require.NoError(t, err)
	require.Contains(t, strings.Join(got.Stderr, "\n"), refusal, c.Script)
	require.Equal(t, 1, got.Exit, "%s\nstderr: %q", c.Script, got.Stderr)
}

// TestPeer runs the table under bpftrace, except for the cases where gtrace differs on purpose.
func TestPeer(t *testing.T) {
	testenv.Asked(t, testenv.Peer)
	testenv.Privileged(t)
	tracer := testenv.Bpftrace(t)
	eachCase(t, func(t *testing.T, worker string, c *peer.Case) {
		switch {
		case c.Differs != "":
		case *updatePeer && c.Words == "":
			record(t, tracer, worker, c)
		default:
			got := check(t, tracer, worker, c)
			if c.Told && c.Words == "" {
				require.Equal(t, peer.WithoutHints(c.Want.Messages, got.Messages), got.Messages, c.Script)
			}
		}
	})
}

// eachCase runs a subtest for each case of each file.
func eachCase(t *testing.T, f func(t *testing.T, worker string, c *peer.Case)) {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	worker := buildWorker(t)
	chosen := share(t)
	var working sync.Mutex
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			cases, err := peer.Read(path)
			require.NoError(t, err)
			if *updatePeer || testenv.Update() {
				t.Cleanup(func() {
					require.NoError(t, os.WriteFile(path, []byte(peer.Format(cases)), 0o644))
				})
			}
			for _, c := range cases {
				if !chosen(filepath.Base(path), c.Name) {
					continue
				}
				t.Run(c.Name, func(t *testing.T) {
					t.Parallel()
					if c.Work != "" { // the work of one case would be counted by another
						working.Lock()
						defer working.Unlock()
					}
					f(t, worker, c)
				})
			}
		})
	}
}

func check(t *testing.T, tracer []string, worker string, c *peer.Case) peer.Outcome {
	t.Helper()
	got, err := peer.Run(t.Context(), tracer, worker, c)
	require.NoError(t, err)
	stderr := strings.Join(got.Stderr, "\n")
	require.Equal(t, c.Stdout(testenv.Running(t)), got.Stdout, "%s\nstderr: %s", c.Script, stderr)
	require.Equal(t, c.Want.Exit, got.Exit, "%s\nstderr: %s", c.Script, stderr)
	for _, l := range c.Want.Stderr {
		require.Contains(t, got.Stderr, l, "%s\nstderr: %s", c.Script, stderr)
	}
	return got
}

// record makes what a tracer prints the expectation of a case.
func record(t *testing.T, tracer []string, worker string, c *peer.Case) {
	t.Helper()
	got, err := peer.Run(t.Context(), tracer, worker, c)
	require.NoError(t, err)
	if c.Words != "" {
		c.Want.Messages = got.Messages
		return
	}
	got.Stderr = noted(got.Stderr, c)
	switch {
	case !c.Told:
		got.Messages = ""
	case peer.WithoutHints(c.Want.Messages, got.Messages) == got.Messages:
		got.Messages = c.Want.Messages // with hints of gtrace
	}
	c.Want = got
}

// noted picks the lines of standard error that a case is about: those that it names already and, unless it holds all messages, errors.
func noted(lines []string, c *peer.Case) []string {
	var out []string
	known := c.Want.Stderr
	for _, l := range lines {
		if !c.Told && strings.Contains(l, "ERROR: ") || slices.Contains(known, l) {
			out = append(out, l)
		}
	}
	return out
}

// buildWorker builds the command that cases trace, in a folder that a tracer with a root folder of its own sees too.
func buildWorker(t *testing.T) string {
	t.Helper()
	if inGuest() {
		return os.Getenv(guestWorker)
	}
	path := filepath.Join(t.TempDir(), fmt.Sprintf("w%d", os.Getpid()))
	cmd := exec.Command("go", "build", "-o", path, "./work")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

func TestParse(t *testing.T) {
	const text = "=== one\nargs: -q -f json\nexit: 3\nstderr: a: b\nBEGIN { }\nEND { }\n---\nx\n\n=== two\nBEGIN { }\n---\nx\n--- without a line end\n" +
		"=== three\nBEGIN { }\n---\n\n\n=== four\nsince: 5.17 a loop needs bpf_loop\nbefore: 6.2 a\\nb\\n\nhost: wants a shell\nBEGIN { }\n--- messages\nstdin:1:1-2: ERROR: x\nBEGIN { }\n~\n---\n=== five\nBEGIN { }\n--- messages\n---\nx\n"
	cases, err := peer.Parse(text)
	require.NoError(t, err)
	require.Len(t, cases, 5)
	require.Equal(t, &peer.Case{
		Name: "one", Args: []string{"-q", "-f", "json"}, Script: "BEGIN { }\nEND { }",
		Want: peer.Outcome{Exit: 3, Stderr: []string{"a: b"}, Stdout: "x\n\n"},
	}, cases[0])
	require.Equal(t, "x", cases[1].Want.Stdout)
	require.Equal(t, "\n\n", cases[2].Want.Stdout)
	require.Empty(t, cases[3].Want.Stdout)
	require.Equal(t, "stdin:1:1-2: ERROR: x\nBEGIN { }\n~\n", cases[3].Want.Messages)
	older, newer := target.Version{Major: 5, Minor: 16}, target.Version{Major: 6, Minor: 2}
	require.Equal(t, "a loop needs bpf_loop, which kernels have from 5.17 on", cases[3].Refusal(older))
	require.Empty(t, cases[3].Refusal(newer))
	require.Equal(t, "a\nb\n", cases[3].Stdout(older))
	require.Empty(t, cases[3].Stdout(newer))
	require.Equal(t, "wants a shell", cases[3].Host)
	require.True(t, cases[4].Told)
	require.Empty(t, cases[4].Want.Messages)
	require.False(t, cases[0].Told)
	require.Equal(t, text, peer.Format(cases))
}
