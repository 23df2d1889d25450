package matrix

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// A Point is a probe type and where to attach a probe of it. SUBJECT stands for the traced program.
type Point struct {
	Type, At string
	// Few is set where only few probes can be attached at a time, or each takes long; a probe then has many forms.
	Few bool
	// Kernel is set for functions of the kernel.
	Kernel bool
	// Central is set for one probe type of each kind of program; the others are much like them.
	Central bool
}

// Points are the probe types of the matrix. None of them fires while they are tried, for that is not what is
// asked. Of the function of the kernel, programs may ask for paths.
var Points = []Point{
	{Type: "begin", At: "begin", Central: true},
	{Type: "end", At: "end"},
	{Type: "self", At: "self:signal:SIGUSR1"},
	{Type: "interval", At: "interval:s:1000"},
	{Type: "profile", At: "profile:s:1000", Central: true},
	{Type: "software", At: "software:faults:1000000000"},
	{Type: "watchpoint", At: "watchpoint:0x10000000:8:w", Few: true},
	{Type: "tracepoint", At: "tracepoint:syscalls:sys_enter_reboot", Central: true},
	{Type: "rawtracepoint", At: "rawtracepoint:mark_victim", Central: true},
	{Type: "iter", At: "iter:task_file", Central: true},
	{Type: "kprobe", At: "kprobe:vfs_fallocate", Kernel: true, Central: true},
	{Type: "kretprobe", At: "kretprobe:vfs_fallocate", Kernel: true},
	{Type: "fentry", At: "fentry:vfs_fallocate", Kernel: true, Central: true},
	{Type: "fexit", At: "fexit:vfs_fallocate", Kernel: true},
	{Type: "uprobe", At: "uprobe:SUBJECT:subject_function", Few: true, Central: true},
	{Type: "uretprobe", At: "uretprobe:SUBJECT:subject_function", Few: true},
	{Type: "usdt", At: "usdt:SUBJECT:subject:sale", Few: true},
}

const (
	// perScript is how many probes a script has: the kernel takes 64 programs for one tracepoint, and 38 for a function.
	perScript, perFunction = 60, 30
	// perProbe is how many forms a probe has where few can be attached, and fewProbes how many of those a script has.
	perProbe, fewProbes = 10, 3
	// together is how many forms a probe has in a script with as few probes as can be.
	together = 60
)

// configLine is the first line of every script. The kernel makes small maps faster.
const configLine = "config = { unstable_tseries = enable; unstable_typeinfo = enable; max_map_keys = 16 }\n"

// Chunk is how many forms a script for a probe type has.
func (p Point) Chunk() int {
	if p.Few {
		return perProbe * fewProbes
	}
	if p.Kernel {
		return perFunction
	}
	return perScript
}

// A Try is a form in a probe type.
type Try struct {
	Point Point
	Form  Form
}

// In returns tries of forms in a probe type.
func (p Point) In(forms []Form) []Try {
	out := make([]Try, len(forms))
	for i, f := range forms {
		out[i] = Try{p, f}
	}
	return out
}

// at is where the try's probe is.
func (t Try) at() string { return t.Form.At(t.Point.Type, t.Point.At) }

// Script returns a script with tries, each in the line after that of the one before, the first one in line 2. Each has a probe, unless its
// probe type can have only few.
func Script(tries []Try, replace *strings.Replacer) string {
	return script(tries, replace, func(t Try) int {
		if t.Point.Few {
			return perProbe
		}
		return 1
	})
}

// Together is Script, with as few probes as can be.
func Together(tries []Try, replace *strings.Replacer) string {
	return script(tries, replace, func(Try) int { return together })
}

func script(tries []Try, replace *strings.Replacer, perProbe func(Try) int) string {
	var b strings.Builder
	b.WriteString(configLine)
	inProbe := 0
	for i, t := range tries {
		text := "{ " + t.Form.Body() + " }"
		switch most := perProbe(t); {
		case most == 1:
			text = t.at() + " " + text
		default: // the condition lets what follows an exit() be reached
			text = "if (rand > 5) " + text
			if inProbe == 0 {
				text = t.at() + " { " + text
			}
			inProbe++
			if inProbe == most || i == len(tries)-1 || tries[i+1].at() != t.at() {
				text += " }"
				inProbe = 0
			}
		}
		b.WriteString(replace.Replace(text) + "\n")
	}
	return b.String()
}

var (
	errorLine    = regexp.MustCompile(`^(\S+?):(\d+)(?::\d+)?(?:-\d+)?: ERROR: (.*)$`)
	unloadedLine = regexp.MustCompile(`^ERROR: Error loading BPF program for \S+_(\d+)\. `)
	rejectedLine = regexp.MustCompile(`^ERROR: the kernel rejected the program \S+ at (\S+?):(\d+):`)
)

// Refusals returns what a tracer has against the forms of a script at path: message by the index of the form. Where a message is about
// a macro of bpftrace's own, the script's line comes after it. Where the verifier refuses a program, bpftrace says the number of the probe:
// that of the form, if each has a probe.
func Refusals(output, path string) map[int]string {
	out, last := map[int]string{}, ""
	for line := range strings.Lines(output) {
		line = strings.TrimSuffix(line, "\n")
		if m := rejectedLine.FindStringSubmatch(line); m != nil && m[1] == path {
			_, rest, _ := strings.Cut(output, line)
			out[index(m[2])] = line + rest
			continue
		}
		if m := unloadedLine.FindStringSubmatch(line); m != nil {
			out[index(m[1])+1] = line
			continue
		}
		m := errorLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if m[3] != "expanded from" {
			last = m[3]
		}
		if i := index(m[2]); m[1] == path && out[i] == "" {
			out[i] = last
		}
	}
	return out
}

// index returns which form is in a line.
func index(line string) int {
	n, err := strconv.Atoi(line)
	if err != nil {
		panic(fmt.Sprintf("BUG: matrix: line %q", line))
	}
	return n - 2
}

// BuildSubject compiles the program to be traced. It can be loaded anywhere and needs no library.
func BuildSubject(cc, source, path string) error {
	out, err := exec.Command(cc, "-g", "-O1", "-static-pie", "-fPIE", "-nostdlib", "-o", path, source).CombinedOutput()
	if err != nil {
		return fmt.Errorf("compile %s: %w\n%s", source, err, out)
	}
	return nil
}
