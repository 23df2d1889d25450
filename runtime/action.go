package runtime

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/runtime/output"
	"github.com/gtrace/gtrace/runtime/value"
)

// join is the line that join prints. Empty strings are left out.
func join(e *object.Event, vals []value.Value) string {
	var parts []string
	for _, v := range vals {
		s, ok := v.(value.Bytes)
		if !ok {
			continue
		}
		for _, part := range bytes.Split(s.B, []byte{0}) {
			if len(part) > 0 {
				parts = append(parts, string(part))
			}
		}
	}
	return strings.Join(parts, e.Format) + "\n"
}

// cat prints the beginning of a file.
func (g *Group) cat(path string) {
	text, err := head(path, g.o.Manifest.Config.MaxCatBytes)
	if err != nil {
		g.complain(fmt.Sprintf("failed to open file '%s' (%s)", path, errText(err)))
		return
	}
	if len(text) > 0 {
		g.s.opts.Printer.Raw("cat", string(text))
	}
}

func head(path string, most int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, int64(most)))
}

// system runs a command. What it prints comes in its place among the script's own output.
func (g *Group) system(command string) {
	g.s.opts.Printer.Idle()
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err == nil || len(out) > 0 {
		g.s.opts.Printer.Raw("syscall", string(out))
	}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		g.complain(fmt.Sprintf("command exited with code %d", exit.ExitCode()))
	case err != nil:
		g.complain(fmt.Sprintf("run command: %v", err))
	}
}

// complain shows an error that has no place in the script.
func (g *Group) complain(text string) {
	g.s.opts.Printer.Message(output.Message{Kind: output.Errorf, Text: text})
}

// errText is the C library's text for an error of the system.
func errText(err error) string {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return output.Errno(int(errno))
	}
	return err.Error()
}
