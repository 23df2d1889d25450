package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// script runs a session whose inputs come from a pipe.
func script(t *testing.T, text string, args ...string) result {
	t.Helper()
	cmd := command(t, args...)
	cmd.Stdin = strings.NewReader(text)
	return launch(t, cmd).wait()
}

func TestSessionScripts(t *testing.T) {
	tests := []struct {
		name, in, out, err string
		code               int
	}{
		{name: "expressions", in: "1 + 2\n\"text\"\n(1, 2)\n", out: "3\ntext\n(1, 2)\n\n\n"},
		{name: "no line end", in: "1 + 2", out: "3\n\n\n"},
		{name: "an input over several lines", in: "if (1) {\n\n  print(1); // }\n}\n2\n", out: "1\n2\n\n\n"},
		{name: "an input without its end", in: "print((1,\n 2)\n", err: "stdin:2:4-5: ERROR: unexpected end of script", out: "\n\n", code: 1},
		{name: "an error in the middle", in: "1\nfoo\n3\n", out: "1\n3\n\n\n", err: "stdin:2:1-4: ERROR: Unknown identifier: 'foo'\nfoo\n~~~\n", code: 1},
		{name: "no such command", in: ":nosuch\n", out: "\n\n", err: "ERROR: there is no command :nosuch; :help lists them\n", code: 1},
		{name: "an ambiguous command", in: ":se\n:s\n", out: "\n\n", err: "ERROR: which probes? give their number, or all; :probes lists them\n", code: 1},
		{name: "exit", in: "print(1)\nexit(7)\nprint(2)\n", out: "1\n\n\n", code: 7},
		{name: "quit", in: "print(1)\n:quit\nprint(2)\n", out: "1\n\n\n"},
		{name: "begin and end", in: "BEGIN { @x = 1; } END { printf(\"end %d\\n\", @x); }\n@x = 5\n", out: "end 5\n\n\n@x: 5\n", err: "[1] begin, end\n"},
		{name: "maps", in: "@b[1] = 2; @a = 1\n", out: "\n\n@a: 1\n@b[1]: 2\n"},
		{name: "no maps", in: "@a = 1\n:set print_maps_on_exit=0\n@a = 2\n", out: "\n\n"},
		{name: "a stopped probe's end", in: "END { print(1); }\n:stop 1\nprint(2)\n", out: "1\n2\n\n\n", err: "[1] end\n[1] stopped\n"},
		{name: "64 bits", in: "@x[1] = 1\n@x[1000000] = 3000000000\n@x\n:clear @x\n", out: "@x[1]: 1\n@x[1000000]: 3000000000\n\n\n"},
		{
			name: "types clash", in: "@x = 1\n@x[1] = 1\n:drop @x\n@x[1] = 1\n@x\n:clear all\n", out: "@x[1]: 1\n\n\n", code: 1,
			err: "stdin:2:1-6: ERROR: @x used as a map with an explicit key (non-scalar map), previously used without an explicit key (scalar map)\n" +
				"@x[1] = 1\n~~~~~\nHINT: the session's map @x keeps its types; :drop @x forgets it\n",
		},
		{
			name: "a map in use", in: "END { print(@x); @x = 1; }\n:drop @x\n:stop all\n:drop @x\n", out: "@x: 1\n\n\n", code: 1,
			err: "[1] end\nERROR: the probes 1 use the map @x; :stop them first\n[1] stopped\n",
		},
		{
			name: "no such map", in: "@nosuch\n:clear @nosuch\n", out: "\n\n", code: 1,
			err: "stdin:1:1-8: ERROR: Undefined map: @nosuch\n@nosuch\n~~~~~~~\nERROR: there is no map @nosuch; :maps lists them\n",
		},
		{
			name: "definitions", in: "#define A 1\nstruct s { int x; }\n#define A 3\nA + sizeof(struct s)\n:defs\n:undef A\nA\n", out: "7\n\n\n", code: 1,
			err: "struct s { int x; };\n#define A 3\nstdin:7:1-2: ERROR: Unknown identifier: 'A'\nA\n~\n",
		},
		{
			name: "macros", in: "macro add($a, $b) { $a + $b }\n$x = 1; $y = 2; print(add($x, $y))\nmacro add($a, $b) { $a * 10 + $b }\n$x = 1; $y = 2; print(add($x, $y))\n" +
				"macro fill(@m) { @m[1] = 7; }\nfill(@new)\n@new\n:undef fill\n:defs\n:clear @new\n", out: "3\n12\n@new[1]: 7\n\n\n",
			err: "macro add($a, $b) { $a * 10 + $b }\n",
		},
		{name: "functions", in: "fn twice($a: uint64): uint64 { return $a * 2; }\ntwice(21)\n", out: "42\n\n\n"},
		{
			name: "a map's declaration", in: "let @m = lruhash(2)\n@m[1] = 1; @m[2] = 2; @m[3] = 3\n:maps\n:drop @m\n", out: "\n\n",
			err: "@m[int64]: int64  (LRUHash, 2 of 2 keys, ",
		},
		{
			name: "config", in: ":set max_strlen=5\nprint(\"too long\")\nconfig = { max_strlen = 10 }\nprint(\"fits\")\n:set\n:set nosuch=1\n", out: "fits\n\n\n", code: 1,
			err: "config = { max_strlen = 10 }\ninput:1:12-22: ERROR: nosuch: not a known configuration option\n",
		},
		{
			name: "json", in: ":format json\n@x = 1\n@x\nprint(2)\n:format text\n@x\n:format yaml\n", code: 1,
			out: "{\"type\": \"map\", \"data\": {\"@x\": 1}}\n{\"type\": \"value\", \"data\": 2}\n@x: 1\n\n\n@x: 1\n", err: "ERROR: the formats are text and json\n",
		},
		{name: "times", in: ":sleep 10ms\n:sleep 0.01\n:sleep x\n", out: "\n\n", err: "ERROR: \"x\" is no time: write it as 2s or 500ms\n", code: 1},
		{name: "help", in: "help\n:help stop\n", out: "\n\n", err: ":stop, :s N|all\n  Run the end probes of groups and remove them.\n"},
		{name: "args", in: ":args tracepoint:syscalls:sys_enter_close\n", out: "\n\n", err: "tracepoint:syscalls:sys_enter_close\n"},
		{name: "list", in: ":list software:nosuch*\n:list nosuch:x\n", out: "\n\n", err: "No probes match software:nosuch*\nERROR: unknown probe type \"nosuch\"\n", code: 1},
		{
			name: "type", in: ":type struct list_head\n:type nosuch_t\n", out: "\n\n", code: 1,
			err: "struct list_head {",
		},
		{name: "asm", in: ":asm END { @x = 1; }\n:maps\n", out: "\n\n", err: "instructions, 0 bytes of stack\nThere are no maps.\n"},
		{
			name: "no probes run", in: ":probes\n:cost\n:stop all\n:stop 3\n", out: "\n\n", code: 1,
			err: "No probes run.\nERROR: no probes run\nERROR: there are no probes with the number 3; :probes lists what runs\n",
		},
		{name: "zero bytes and wrong UTF-8", in: "1\n\x00\xff\n2\n", out: "1\n2\n\n\n", err: "ERROR", code: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := script(t, test.in)
			require.Equal(t, test.out, r.stdout, r.stderr)
			require.Contains(t, r.stderr, test.err)
			require.Equal(t, test.code, r.code, r.stderr)
			require.NotContains(t, r.stdout+r.stderr, "\x1b")
			require.NotContains(t, r.stdout+r.stderr, "gtrace> ")
		})
	}
}

func TestSessionOutputToFiles(t *testing.T) {
	dir := t.TempDir()
	first, second, saved := filepath.Join(dir, "first"), filepath.Join(dir, "second"), filepath.Join(dir, "saved.gt")
	r := script(t, fmt.Sprintf("print(1)\n:output %s\nprint(2)\n:format json\nprint(3)\n:format text\n:output -\nprint(4)\n"+
		"#define LIMIT 9\nEND { printf(\"%%d\\n\", LIMIT); } // the end\n:save %s\n:save %s\n:save -f %s\n", second, saved, saved, saved), "-o", first)
	require.Equal(t, 1, r.code)
	require.Equal(t, "4\n9\n\n\n", r.stdout)
	require.Equal(t, "1\n", mustRead(t, first))
	require.Equal(t, "2\n{\"type\": \"value\", \"data\": 3}\n", mustRead(t, second))
	require.Contains(t, r.stderr, saved+" exists; :save -f "+saved+" replaces it")
	require.Equal(t, "#!/usr/bin/env gtrace\n\n#define LIMIT 9\n\nEND { printf(\"%d\\n\", LIMIT); }\n", mustRead(t, saved))

	r = run(t, saved)
	require.Equal(t, "9\n\n\n", r.stdout, r.stderr)
	r = script(t, fmt.Sprintf(":load %s\n:probes\n:load %s\n", saved, filepath.Join(dir, "nosuch")))
	require.Equal(t, "9\n\n\n", r.stdout, r.stderr)
	require.Contains(t, r.stderr, fmt.Sprintf("[1] end\n[1] %s: end\n", saved))
	require.Contains(t, r.stderr, "there is neither a file nor a packaged tool")
}

func TestSessionLoadsToolsAndParameters(t *testing.T) {
	w := testenv.NewWorker(t)
	path := filepath.Join(t.TempDir(), "params.gt")
	require.NoError(t, os.WriteFile(path, []byte("#!/usr/bin/env gtrace\ntracepoint:syscalls:sys_enter_getppid /tid == $1/ { @[str($2)] = count(); }\n"), 0o644))
	cmd := command(t)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	s := launch(t, cmd)
	_, err = fmt.Fprintf(in, ":load %s %d name\n:load syscalls\nprint(\"loaded\")\n", path, w.TID())
	require.NoError(t, err)
	require.True(t, s.stdout.await(s.ended, "loaded"), s.stderr)
	w.Getppid(7)
	_, err = in.Write([]byte("@\n@calls\n:stop all\n:drop all\n"))
	require.NoError(t, err)
	require.NoError(t, in.Close())
	r := s.wait()
	require.Zero(t, r.code, r.stderr)
	require.Contains(t, r.stdout, "loaded\n@[name]: 7\n@calls[")
}

// Without a script and without anyone to talk to there is nothing to do.
func TestNoSessionWithoutInput(t *testing.T) {
	r := script(t, "")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "Usage:")
}
