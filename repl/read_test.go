package repl

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOneLine(t *testing.T) {
	tests := []struct {
		text, line string
		ok         bool
	}{
		{"1 + 2", "1 + 2", true},
		{"if (1) {\n\tprint(2);\n}\n", "if (1) { print(2); }", true},
		{"a; // one\nb // */ two", "a; /* one */ b /* * / two */", true},
		{"print(\"// no\");\n/* // */ b", "print(\"// no\"); /* // */ b", true},
		{"\"\\\"//\" // x", "\"\\\"//\" /* x */", true},
		{"\n\na\n\nb\n", "a b", true},
		{"#define A 1", "#define A 1", true},
		{"#define A 1\nkprobe:f { }", "", false},
	}
	for _, test := range tests {
		line, ok := oneLine(test.text)
		require.Equal(t, test.ok, ok, test.text)
		if ok {
			require.Equal(t, test.line, line)
		}
	}
}

func TestFindCommand(t *testing.T) {
	for text, want := range map[string]string{
		"list": "list", "l": "list", "li": "list", "loa": "load", "?": "help", "h": "help", "s": "stop", "sto": "stop", "mapS": "", "": "", "s ": "",
		"se": "set", "sl": "sleep", "sa": "save", "c": "clear", "co": "cost", "d": "", "pro": "probes", "x": "",
	} {
		c, err := findCommand(text)
		require.Equal(t, want, c.Name, text)
		require.Equal(t, want == "", err != nil, text)
	}
}

func TestCommandsAreWhole(t *testing.T) {
	taken := map[string]string{}
	for _, c := range Commands() {
		require.NotEmpty(t, c.Doc, c.Name)
		require.NotNil(t, c.run, c.Name)
		require.LessOrEqual(t, len(c.Doc), 78-26, "the help is 80 columns wide: %s", c.Name)
		require.LessOrEqual(t, len(usage(c)), 25, c.Name)
		for _, name := range []string{c.Name, c.Short} {
			if name != "" {
				require.Empty(t, taken[name], name)
				taken[name] = c.Name
			}
		}
	}
}

func TestIsCommand(t *testing.T) {
	for _, text := range []string{":maps", " :x", "help", "quit ", "exit", "?", "q"} {
		require.True(t, isCommand(text), text)
	}
	for _, text := range []string{"", "exit()", "help me", "a ? b : c", "kprobe:x { }", "quit;"} {
		require.False(t, isCommand(text), text)
	}
}

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{"2": "2s", "0.5": "500ms", "100ms": "100ms", "1m": "1m0s", "24h": "24h0m0s"} {
		d, err := parseTime(text)
		require.NoError(t, err)
		require.Equal(t, want, d.String())
	}
	for _, text := range []string{"", "x", "0", "-1", "-1s", "25h", "1e300", "NaN", "inf"} {
		_, err := parseTime(text)
		require.Error(t, err, text)
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 1 << 20: "1 MiB", 1 << 62: "4194304 TiB"} {
		require.Equal(t, want, size(n))
	}
}

func TestBraces(t *testing.T) {
	for text, want := range map[string]int{
		"{": 1, "{ { }": 1, "\"{\"": 0, "\"\\\"{\" {": 1, "{ // }": 1, "{ /* } */": 1, "/* {": 0, "}": -1, "{\n}": 0, "/* a\n{ */ {": 1, "{\n\"\n}": 0,
	} {
		var b braces
		for line := range strings.SplitSeq(text, "\n") {
			b.add(line)
		}
		require.Equal(t, want, b.depth, text)
	}
}
