package main

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplitWords(t *testing.T) {
	tests := []struct {
		command string
		want    []string
		err     string
	}{
		{command: "ls", want: []string{"ls"}},
		{command: "  ls \t -l\n/ ", want: []string{"ls", "-l", "/"}},
		{command: `sh -c 'exit 3'`, want: []string{"sh", "-c", "exit 3"}},
		{command: `echo "a b" c"d"e`, want: []string{"echo", "a b", "cde"}},
		{command: `echo '' ""`, want: []string{"echo", "", ""}},
		{command: `echo a\ b \"`, want: []string{"echo", "a b", `"`}},
		{command: `echo 'a\b' "a\"b"`, want: []string{"echo", `a\b`, `a"b`}},
		{command: `echo "it's" 'say "x"'`, want: []string{"echo", "it's", `say "x"`}},
		{command: `echo $HOME *`, want: []string{"echo", "$HOME", "*"}},
		{command: `echo \`, want: []string{"echo", `\`}},
		{command: "echo ü", want: []string{"echo", "ü"}},
		{command: "", err: "the command is empty"},
		{command: " \t\n", err: "the command is empty"},
		{command: `echo "a`, err: "a quote is not closed"},
		{command: `echo 'a`, err: "a quote is not closed"},
	}
	for _, test := range tests {
		t.Run(test.command, func(t *testing.T) {
			got, err := splitWords(test.command)
			if test.err != "" {
				require.EqualError(t, err, test.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestSettings(t *testing.T) {
	got := settings([]string{
		"GTRACE_MAX_STRLEN=1", "BPFTRACE_MAX_STRLEN=2", "BPFTRACE_LOG_SIZE=3", "PATH=/bin", "GTRACE_STR_TRUNC_TRAILER=a=b", "GTRACE_STACK_MODE=", "NOGTRACE_X=1",
	})
	require.Equal(t, map[string]string{"max_strlen": "1", "log_size": "3", "str_trunc_trailer": "a=b", "stack_mode": ""}, got)
}

func TestScriptFromStandardInput(t *testing.T) {
	o := options{args: []string{"-", "a", "b"}}
	file, params, err := o.script(strings.NewReader("BEGIN { }"))
	require.NoError(t, err)
	require.Equal(t, "stdin", file.Name)
	require.Equal(t, []string{"a", "b"}, params)
}

func TestByteOrderMark(t *testing.T) {
	file, err := readScript("-", strings.NewReader("\ufeffBEGIN { }"))
	require.NoError(t, err)
	require.Equal(t, "BEGIN { }", file.Text)
}

// endless is a script without end.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

func TestScriptWithoutEnd(t *testing.T) {
	_, err := readScript("-", endless{})
	require.EqualError(t, err, "-: the script is larger than 64 MiB")
}

func TestScriptThatCannotBeRead(t *testing.T) {
	_, err := readScript("-", io.MultiReader(strings.NewReader("x"), failing{}))
	require.EqualError(t, err, "failed to read file '-': Unexpected EOF")
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
