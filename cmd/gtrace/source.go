package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/diag"
)

// maxScript is the size of the largest script that is read.
const maxScript = 64 << 20

// errNoScript means that the command line names nothing to run.
//
//lint:ignore ST1005 these are bpftrace's words
var errNoScript = errors.New("USAGE: filename or -e 'program' required.")

// errCommandAlone means that there is a command to run, and no script to run it for.
var errCommandAlone = fmt.Errorf("%w\nHINT: -c runs a command while a script traces it: add -e 'PROGRAM' or a file. "+
	"A session (gtrace without arguments) runs none; gtrace -p PID talks about a process that runs", errNoScript)

// script returns the text to run and the positional parameters for it.
func (o *options) script(stdin io.Reader) (*diag.File, []string, error) {
	switch {
	case o.hasProgram && o.program == "":
		return nil, nil, errNoScript
	case o.hasProgram:
		return diag.NewFile("stdin", o.program), o.args, nil
	case len(o.args) == 0 && o.hasCommand:
		return nil, nil, errCommandAlone
	case len(o.args) == 0:
		return nil, nil, errNoScript
	}
	f, err := readScript(o.args[0], stdin)
	return f, o.args[1:], err
}

// scriptName is the name of the script's file, or empty if the script is none.
func (o *options) scriptName() string {
	if o.hasProgram || len(o.args) == 0 || o.args[0] == "-" {
		return ""
	}
	return o.args[0]
}

func readScript(name string, stdin io.Reader) (*diag.File, error) {
	shown := name
	if name == "-" {
		shown = "stdin"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("failed to open file '%s': %s", name, reason(err))
		}
		defer f.Close()
		stdin = f
	}
	text, err := io.ReadAll(io.LimitReader(stdin, maxScript+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("failed to read file '%s': %s", name, reason(err))
	case len(text) > maxScript:
		return nil, fmt.Errorf("%s: the script is larger than %d MiB", name, maxScript>>20)
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return nil, fmt.Errorf("%s: not a script: byte %d is zero, so this is no text", name, i+1)
	}
	return diag.NewFile(shown, strings.TrimPrefix(string(text), "\ufeff")), nil // editors' mark of UTF-8
}

// scriptOptions splits the words behind "--" on the command line: those that begin with two dashes are options of the script,
// all others are positional parameters.
func scriptOptions(words []string) (params []string, named []check.NamedParam) {
	for _, w := range words {
		option, ok := strings.CutPrefix(w, "--")
		if !ok {
			params = append(params, w)
			continue
		}
		name, value, has := strings.Cut(option, "=")
		named = append(named, check.NamedParam{Name: name, Value: value, HasValue: has})
	}
	return params, named
}

// reason is the cause of a file error in the C library's words, as bpftrace gives it.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	s := err.Error()
	return strings.ToUpper(s[:1]) + s[1:]
}

// settings returns the config settings of the environment, by config name. GTRACE_X wins over BPFTRACE_X.
func settings(environ []string) map[string]string {
	out := map[string]string{}
	for _, prefix := range []string{"BPFTRACE_", "GTRACE_"} {
		for _, kv := range environ {
			name, value, ok := strings.Cut(kv, "=")
			if name, found := strings.CutPrefix(name, prefix); ok && found {
				out[strings.ToLower(name)] = value
			}
		}
	}
	return out
}
