package peer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/codegen/target"
)

// A Case is a program and what it prints.
//
// In a file of cases, each begins with a line "=== NAME". Settings of the form "key: value" may follow, then the script,
// then a line "---" and the exact standard output up to the next case. A line "--- messages" may stand before that: what
// follows it is all that is said about the script (see Messages).
type Case struct {
	Name string
	// Args are put before the script, Params behind it.
	Args, Params []string
	// Env are additional variables of the environment.
	Env []string
	// Files are files beside the script, which is a file itself then: a name, a blank, and the text in one line, \n for its ends.
	Files []string
	// Work is what the traced command is to do (see the command in work); without it no command runs.
	Work string
	// Differs says why bpftrace prints something else.
	Differs string
	// Words says why bpftrace's messages are others; what it prints and its exit code are the same.
	Words string
	// Since is the first kernel that can run it; an older one is said to lack Lacks.
	Since target.Version
	Lacks string
	// Before is the first kernel that prints what Want says; older ones print Older.
	Before target.Version
	Older  string
	// Host says why it does not run in the guests of the vm tier.
	Host string
	// Long says why it does not run in a part of the table, but only with all of it.
	Long string
	// Told says that Want holds all messages.
	Told   bool
	Script string
	Want   Outcome
}

// An Outcome is what a run leaves behind.
type Outcome struct {
	Exit int
	// Stderr are lines of standard error: in a case those that matter, in a run all of them.
	Stderr []string
	// Messages are all diagnostics, in a run, and in a case that is about them (see Told).
	Messages string
	Stdout   string
}

const (
	caseMark   = "=== "
	stdoutMark = "---"
	// messagesMark comes between the script and the messages.
	messagesMark = "--- messages"
	// openMark ends a standard output whose last line has no end.
	openMark = "--- without a line end"
)

// Read reads a file of cases.
func Read(path string) ([]*Case, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	cases, err := Parse(string(data))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return cases, nil
}

// ReadAll reads all files of cases in a folder.
func ReadAll(dir string) ([]*Case, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	var out []*Case
	for _, path := range paths {
		cases, err := Read(path)
		if err != nil {
			return nil, err
		}
		out = append(out, cases...)
	}
	return out, nil
}

// Parse reads the text of a file of cases.
func Parse(text string) ([]*Case, error) {
	var out []*Case
	for i, part := range strings.SplitAfter("\n"+text, "\n"+caseMark) {
		part = strings.TrimSuffix(part, caseMark)
		if i == 0 {
			if strings.TrimSpace(part) != "" {
				return nil, fmt.Errorf("text before the first case: %q", part)
			}
			continue
		}
		c, err := parseCase(part)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func parseCase(text string) (*Case, error) {
	name, rest, _ := strings.Cut(text, "\n")
	c := &Case{Name: name}
	lines := strings.Split(rest, "\n")
	for len(lines) > 0 {
		key, value, ok := strings.Cut(lines[0], ": ")
		if !ok || !slices.Contains(keys, key) {
			break
		}
		if err := c.set(key, value); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		lines = lines[1:]
	}
	end := slices.Index(lines, stdoutMark)
	if end < 0 {
		end = len(lines)
	}
	script := end
	if i := slices.Index(lines[:end], messagesMark); i >= 0 {
		c.Told, script = true, i
		c.Want.Messages = parseStdout(append(slices.Clone(lines[i+1:end]), ""))
	}
	c.Script = strings.TrimRight(strings.Join(lines[:script], "\n"), "\n")
	if end < len(lines) {
		c.Want.Stdout = parseStdout(lines[end+1:])
	}
	return c, nil
}

// parseStdout joins lines; the last one is never empty unless it stands for the end of the file.
func parseStdout(lines []string) string {
	if n := len(lines); n > 0 && lines[n-1] == "" {
		lines = lines[:n-1]
	}
	if n := len(lines); n > 0 && lines[n-1] == openMark {
		return strings.Join(lines[:n-1], "\n")
	}
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// keys are the settings of a case, in the order of a file.
var keys = []string{"args", "params", "env", "file", "work", "differs", "words", "since", "before", "host", "long", "exit", "stderr"}

func (c *Case) set(key, value string) (err error) {
	switch key {
	case "args":
		c.Args = strings.Fields(value)
	case "params":
		c.Params = strings.Fields(value)
	case "env":
		c.Env = append(c.Env, value)
	case "file":
		c.Files = append(c.Files, value)
	case "work":
		c.Work = value
	case "differs":
		c.Differs = value
	case "words":
		c.Words = value
	case "since":
		c.Since, c.Lacks, err = kernelAnd(value)
	case "before":
		c.Before, c.Older, err = kernelAnd(value)
		c.Older = strings.ReplaceAll(c.Older, `\n`, "\n")
	case "host":
		c.Host = value
	case "long":
		c.Long = value
	case "exit":
		c.Want.Exit, err = strconv.Atoi(value)
	case "stderr":
		c.Want.Stderr = append(c.Want.Stderr, value)
	default:
		panic(fmt.Sprintf("BUG: peer: unexpected setting %q", key))
	}
	return err
}

// kernelAnd reads a kernel and what is said about others.
func kernelAnd(value string) (target.Version, string, error) {
	var v target.Version
	version, text, ok := strings.Cut(value, " ")
	if !ok {
		return v, "", fmt.Errorf("want a kernel and a text, not %q", value)
	}
	if _, err := fmt.Sscanf(version, "%d.%d", &v.Major, &v.Minor); err != nil {
		return v, "", fmt.Errorf("read the kernel %q: %w", version, err)
	}
	return v, text, nil
}

// Refusal returns what gtrace says of the case on a kernel that is too old for it, and "" for any other kernel.
func (c *Case) Refusal(kernel target.Version) string {
	if !kernel.Before(c.Since) {
		return ""
	}
	return fmt.Sprintf("%s, which kernels have from %s on", c.Lacks, c.Since)
}

// Stdout returns what a kernel prints.
func (c *Case) Stdout(kernel target.Version) string {
	if kernel.Before(c.Before) {
		return c.Older
	}
	return c.Want.Stdout
}

// Format returns the text of a file of cases.
func Format(cases []*Case) string {
	var b strings.Builder
	for _, c := range cases {
		b.WriteString(caseMark + c.Name + "\n")
		for _, s := range c.settings() {
			b.WriteString(s + "\n")
		}
		b.WriteString(c.Script + "\n")
		if c.Told {
			b.WriteString(messagesMark + "\n" + c.Want.Messages)
		}
		b.WriteString(stdoutMark + "\n" + c.Want.Stdout)
		if out := c.Want.Stdout; out != "" && !strings.HasSuffix(out, "\n") {
			b.WriteString("\n" + openMark + "\n")
		}
	}
	return b.String()
}

func (c *Case) settings() []string {
	var out []string
	add := func(key, value string) {
		if value != "" {
			out = append(out, key+": "+value)
		}
	}
	add("args", strings.Join(c.Args, " "))
	add("params", strings.Join(c.Params, " "))
	for _, v := range c.Env {
		add("env", v)
	}
	for _, v := range c.Files {
		add("file", v)
	}
	add("work", c.Work)
	add("differs", c.Differs)
	add("words", c.Words)
	if c.Lacks != "" {
		add("since", c.Since.String()+" "+c.Lacks)
	}
	if c.Older != "" {
		add("before", c.Before.String()+" "+strings.ReplaceAll(c.Older, "\n", `\n`))
	}
	add("host", c.Host)
	add("long", c.Long)
	if c.Want.Exit != 0 {
		add("exit", strconv.Itoa(c.Want.Exit))
	}
	for _, l := range c.Want.Stderr {
		add("stderr", l)
	}
	return out
}
