package vm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gtrace/gtrace/tests/vm/wire"
)

// qemu is the program that boots kernels.
const qemu = "qemu-system-x86_64"

// BootOptions say how to boot.
type BootOptions struct {
	// Dir is where the ports' files go.
	Dir string
	// Timeout is how long the whole boot may take. Default: 10 minutes.
	Timeout time.Duration
	// CPUs of the guest. Default: 2.
	CPUs int
	// Memory of the guest, as qemu says it. Default: 512M.
	Memory string
	// Append goes to the end of the kernel's command line.
	Append string
}

// A Report is what a boot had to say.
type Report struct {
	Release string
	Results map[string]wire.Result
	// Console is what the kernel and init printed.
	Console string
}

// Boot boots a kernel with a root folder made by WriteRoot, waits until the guest is off, and returns its results. The
// error says when the guest did not come to its end: a panic, a hang, a lost case; it holds the end of the console. The
// report has what came until then.
func Boot(ctx context.Context, k Kernel, root string, opts BootOptions) (Report, error) {
	if opts.Timeout == 0 {
		opts.Timeout = 10 * time.Minute
	}
	if opts.CPUs == 0 {
		opts.CPUs = 2
	}
	if opts.Memory == "" {
		opts.Memory = "512M"
	}
	ctx, cancel := context.WithTimeout(ctx, opts.Timeout)
	defer cancel()
	console := filepath.Join(opts.Dir, "console.log")
	messages := filepath.Join(opts.Dir, "messages.jsonl")
	cmd := exec.CommandContext(ctx, qemu, qemuArgs(k, root, console, messages, opts)...)
	cmd.WaitDelay = 5 * time.Second
	out, runErr := cmd.CombinedOutput()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		runErr = fmt.Errorf("not off after %v", opts.Timeout)
	}
	report, err := readReport(console, messages)
	if err := errors.Join(runErr, err); err != nil {
		return report, fmt.Errorf("boot %s: %w\n%send of console:\n%s", k.Release, err, out, tail(report.Console, 40))
	}
	return report, nil
}

// qemuArgs emulates all CPUs in one thread: with one for each, qemu 7.2 can run half an instruction that the kernel is just
// patching, as it does when it switches a tracepoint on, and the guest panics.
func qemuArgs(k Kernel, root, console, messages string, opts BootOptions) []string {
	return []string{
		"-accel", "tcg,thread=single", "-cpu", "max,la57=off,cx16=off", "-smp", fmt.Sprint(opts.CPUs), "-m", opts.Memory,
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-serial", "file:" + console, "-serial", "file:" + messages,
		"-kernel", k.Image, "-initrd", root,
		"-append", "console=ttyS0 loglevel=5 panic=-1 oops=panic mitigations=off rdinit=/init " + opts.Append,
	}
}

func readReport(console, messages string) (Report, error) {
	report := Report{Results: make(map[string]wire.Result)}
	text, err := os.ReadFile(console)
	if err != nil {
		return report, err
	}
	report.Console = strings.ReplaceAll(string(text), "\r", "")
	lines, err := os.ReadFile(messages)
	if err != nil {
		return report, err
	}
	return report, report.read(bytes.NewReader(lines))
}

// read takes the guest's messages, and reports an end that is not the proper one.
func (r *Report) read(lines io.Reader) error {
	running := ""
	for dec := json.NewDecoder(lines); ; {
		var m wire.Message
		if err := dec.Decode(&m); err != nil {
			return r.cutShort(running, err)
		}
		switch {
		case m.Done:
			return nil
		case m.Fatal != "":
			return fmt.Errorf("guest gave up: %s", m.Fatal)
		case m.Result != nil:
			r.Results[m.Result.Name], running = *m.Result, ""
		case m.Start != "":
			running = m.Start
		case m.Release != "":
			r.Release = m.Release
		}
	}
}

// cutShort says how far a guest came that did not send its last message.
func (r *Report) cutShort(running string, err error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read messages: %w", err)
	}
	end, said := "ended early", ""
	// The registers that follow can fill the end of the console that a failure shows.
	if i := strings.Index(r.Console, "Kernel panic"); i >= 0 {
		line, _, _ := strings.Cut(r.Console[i:], "\n")
		end, said = "kernel panic", ": "+strings.TrimSpace(line)
	}
	if running != "" {
		return fmt.Errorf("%s in case %q%s", end, running, said)
	}
	return fmt.Errorf("%s, %d cases done%s", end, len(r.Results), said)
}

func tail(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return "  " + strings.Join(lines[max(0, len(lines)-n):], "\n  ") + "\n"
}
