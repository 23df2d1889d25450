package peer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// patience is how long one program may take; bpftrace needs a while on a busy machine, and an emulated kernel that is old to verify a long one.
const patience = 5 * time.Minute

// Run runs a case under a tracer, a command with its first arguments; worker is the command that does a case's work.
func Run(ctx context.Context, tracer []string, worker string, c *Case) (Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	dir, err := c.writeFiles(worker)
	if err != nil {
		return Outcome{}, fmt.Errorf("run %s: %w", c.Name, err)
	}
	defer os.RemoveAll(dir)
	args := append(tracer[1:len(tracer):len(tracer)], c.arguments(worker, dir)...)
	cmd := exec.CommandContext(ctx, tracer[0], args...)
	cmd.Env = append(os.Environ(), c.Env...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	err = cmd.Run()
	out := Outcome{Stdout: placeholders(worker, stdout.String()), Stderr: strings.Split(stderr.String(), "\n")}
	if dir != "" {
		for i, l := range out.Stderr {
			out.Stderr[i] = strings.ReplaceAll(l, dir, "DIR")
		}
	}
	if ctx.Err() != nil {
		return out, fmt.Errorf("run %s: no end after %s\n%s", c.Name, patience, stderr.String())
	}
	out.Messages = messages(out.Stderr)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return out, fmt.Errorf("run %s: %w", c.Name, err)
	}
	out.Exit = cmd.ProcessState.ExitCode()
	return out, nil
}

// names puts the worker's path for WORKER and its name for COMM. The name is one that no other process has.
func names(worker string) *strings.Replacer {
	return strings.NewReplacer("WORKER", worker, "COMM", filepath.Base(worker))
}

// placeholders undoes names.
func placeholders(worker, text string) string {
	return strings.NewReplacer(worker, "WORKER", filepath.Base(worker), "COMM").Replace(text)
}

// arguments returns the command line for a case. bpftrace writes its warnings about the script among the output, so they are
// off where no message is expected.
func (c *Case) arguments(worker, dir string) []string {
	var args []string
	if len(c.Want.Stderr) == 0 && !c.Told {
		args = append(args, "--no-warnings")
	}
	args = append(args, c.Args...)
	if c.Work != "" {
		args = append(args, "-c", worker+" "+c.Work)
	}
	if dir != "" {
		return append(append(args, filepath.Join(dir, scriptFile)), c.Params...)
	}
	return append(append(args, "-e", names(worker).Replace(c.Script)), c.Params...)
}

// scriptFile is the name of the script in the folder of a case with files.
const scriptFile = "script.bt"

// writeFiles writes the files of a case, if there are any, to a folder of their own, which it returns.
func (c *Case) writeFiles(worker string) (dir string, err error) {
	if len(c.Files) == 0 {
		return "", nil
	}
	if dir, err = os.MkdirTemp("", "case"); err != nil {
		return "", err
	}
	write := func(name, text string) {
		if err == nil {
			path := filepath.Join(dir, name)
			err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644))
		}
	}
	write(scriptFile, names(worker).Replace(c.Script)+"\n")
	for _, f := range c.Files {
		name, text, _ := strings.Cut(f, " ")
		write(name, strings.ReplaceAll(text, `\n`, "\n")+"\n")
	}
	return dir, err
}
