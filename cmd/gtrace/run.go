package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/runtime"
)

// version is set by the build.
var version = "devel"

// streams are the standard streams of a run.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// errReported means that what went wrong has been printed already.
var errReported = errors.New("reported")

// The exit codes that bpftrace has for what is wrong before the script is looked at, which is its C part and the environment, and for
// a script that is not loaded or attached or is not meant to run in this way: tests without --test, stacks of no process.
const (
	exitSurroundings = 2
	exitUnasked      = 255
)

// exitError ends gtrace with a code of the script's choice.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// run is gtrace: it returns the exit code, 0 for a run that ended well, 1 for wrong usage or a script that does not compile,
// exitSurroundings, exitUnasked, or what the script's exit() says.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	std := streams{stdin, stdout, stderr}
	checkColor(stderr)
	cmd := newCommand(func(o *options) error { return dispatch(ctx, o, std) })
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	var code exitError
	var refused *runtime.StartError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, errNoScript) && !errors.Is(err, errCommandAlone):
		fmt.Fprintf(stderr, "ERROR: %v\n\n%s", err, cmd.UsageString())
	case errors.Is(err, errNoTarget), errors.As(err, &refused):
		fmt.Fprintf(stderr, "ERROR: %v\n", err)
		return exitUnasked
	case !errors.Is(err, errReported):
		fmt.Fprintf(stderr, "ERROR: %v\n", err)
	}
	return 1
}

func dispatch(ctx context.Context, o *options, std streams) error {
	switch {
	case o.version:
		_, err := fmt.Fprintf(std.out, "gtrace %s\n", version)
		return err
	case o.info:
		return printInfo(std.out)
	case o.formats || o.mode == "format":
		return formatScript(o, std)
	case o.list:
		return list(o, std)
	case o.isSession():
		return session(ctx, o, std)
	}
	return trace(ctx, o, std)
}

// checkColor warns of a word that the environment has for when to colour, if it is none.
func checkColor(w io.Writer) {
	for _, name := range []string{"GTRACE_COLOR", "BPFTRACE_COLOR"} {
		mode, set := os.LookupEnv(name)
		if set && mode != "auto" && mode != "always" && mode != "never" {
			fmt.Fprintf(w, "WARNING: Invalid env value! The valid values of `%s` are [auto|always|never]. The current value is %s!\n", name, mode)
		}
	}
}

// colored reports whether diagnostics are coloured: as GTRACE_COLOR (or BPFTRACE_COLOR) says, else on a terminal.
func colored(w io.Writer) bool {
	mode := os.Getenv("GTRACE_COLOR")
	if mode == "" {
		mode = os.Getenv("BPFTRACE_COLOR")
	}
	switch mode {
	case "always":
		return true
	case "never":
		return false
	}
	return isTerminal(w)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// report prints diagnostics; the error is errReported if one of them is an error, with exitSurroundings for some.
func (o *options) report(std streams, diags *diag.List) error {
	diags.Print(std.err, diag.PrintOptions{Color: colored(std.err), NoWarnings: o.noWarnings})
	if !diags.HasErrors() {
		return nil
	}
	for _, d := range diags.All() {
		if d.Severity == diag.Error && d.Class == diag.ClassSurroundings {
			return errors.Join(errReported, exitError(exitSurroundings))
		}
	}
	return errReported
}
