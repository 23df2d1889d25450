package runtime

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/codegen/object"
)

// loadError makes what the user sees of a failed load.
func loadError(err error, o *object.Object) error {
	spec := o.Spec
	var v *ebpf.VerifierError
	name := culprit(err, spec)
	if scarcity(err) != "" && (failedMap(err, o) == "" || !errors.Is(err, unix.ENOMEM)) { // a map's size is in the user's hands
		return &scarce{what: "load " + subject(err, o, name), err: errno(err)}
	}
	if why := tooLong(err, spec.Programs[name]); why != "" {
		text := fmt.Sprintf("the action of %s is too long: %s; split it into several probes, or use a loop", probeOf(o, name), why)
		return &limitError{text: text, err: err}
	}
	if errors.As(err, &v) && len(v.Log) > 0 {
		text, imported := place(v.Log, spec.Programs[name])
		return &VerifierError{Program: name, Place: text, Imported: imported, Log: v.Log, err: err}
	}
	if text := failedMap(err, o); text != "" {
		return fmt.Errorf("%s: %w", text, errno(err))
	}
	if errors.Is(err, unix.EPERM) {
		return fmt.Errorf("load %s: %w", probeOf(o, name), ErrPermission)
	}
	return fmt.Errorf("load programs: %w", err)
}

// The kernel's limits for one program. Its verifier keeps one state for each branch that it has not followed yet.
const (
	maxInstructions = 1_000_000
	maxPending      = 8192
)

// limitError is a program beyond a limit of the kernel. It says so in place of the kernel's error, which it wraps.
type limitError struct {
	text string
	err  error
}

func (e *limitError) Error() string { return e.text }

func (e *limitError) Unwrap() error { return e.err }

// tooLong says which limit of the kernel a program is beyond; empty if the error is about something else.
func tooLong(err error, p *ebpf.ProgramSpec) string {
	var v *ebpf.VerifierError
	if errors.As(err, &v) {
		for _, line := range v.Log {
			if strings.Contains(line, "BPF program is too large") || strings.Contains(line, "(limit 1000000)") && strings.Contains(line, "processed 1000001 ") {
				return fmt.Sprintf("checking it takes the kernel more than %d steps", maxInstructions)
			}
			if strings.Contains(line, "jumps is too complex") {
				return fmt.Sprintf("it has more than the %d branches in a row that the kernel checks", maxPending)
			}
		}
	}
	switch {
	case p == nil:
	case errors.Is(err, unix.E2BIG) && len(p.Instructions) > maxInstructions:
		return fmt.Sprintf("it has %d instructions, and the kernel takes %d", len(p.Instructions), maxInstructions)
	case errors.Is(err, unix.EFAULT) && branches(p) > maxPending: // a log as long as that is cut, and the library drops it
		return fmt.Sprintf("it has more than the %d branches in a row that the kernel checks", maxPending)
	}
	return ""
}

// branches counts the conditional jumps of a program: the classes of jumps, 64 and 32 bits wide, but for ja, call and exit.
func branches(p *ebpf.ProgramSpec) int {
	n := 0
	for i := range p.Instructions {
		op := byte(p.Instructions[i].OpCode)
		class, code := op&0x07, op&0xf0
		if (class == 0x05 || class == 0x06) && code != 0x00 && code != 0x80 && code != 0x90 {
			n++
		}
	}
	return n
}

// subject names the map or program that an error is about.
func subject(err error, o *object.Object, program string) string {
	if program != "" {
		return probeOf(o, program)
	}
	_, rest, ok := strings.Cut(err.Error(), "map ")
	if name, _, ended := strings.Cut(rest, ": "); ok && ended && o.Spec.Maps[name] != nil {
		return "map " + name
	}
	return "programs"
}

// probeOf names what a program is for: its first attach point.
func probeOf(o *object.Object, program string) string {
	for _, p := range o.Manifest.Programs {
		if p.Name == program && len(p.Probes) > 0 {
			return p.Probes[0].Name
		}
	}
	return "program " + program
}

// failedMap says which map the kernel refused, and what sets its size; empty if the error is about something else. The library
// says it only in its text.
func failedMap(err error, o *object.Object) string {
	_, rest, ok := strings.Cut(err.Error(), "map ")
	name, rest, ended := strings.Cut(rest, ": ")
	spec := o.Spec.Maps[name]
	if !ok || !ended || spec == nil || !strings.HasPrefix(rest, "map create") || errors.Is(err, unix.EPERM) {
		return ""
	}
	if name == object.EventsMap {
		return fmt.Sprintf("make a ring buffer of %d bytes (config perf_rb_pages sets its size)", spec.MaxEntries)
	}
	for _, m := range o.Manifest.Maps {
		if m.Spec == name {
			return fmt.Sprintf("make map %s of %d entries (config max_map_keys sets their number)", m.Name, spec.MaxEntries)
		}
	}
	return ""
}

// errno returns the kernel's part of an error.
func errno(err error) error {
	e := unix.Errno(0)
	switch {
	case !errors.As(err, &e):
		return err
	case e == unix.E2BIG:
		return fmt.Errorf("the kernel allows less (%w)", e)
	}
	return e
}

// VerifierError is a program that the checker accepted and the kernel did not.
type VerifierError struct {
	// Program is the name of the program in its Object; empty if not known.
	Program string
	// Place is the line of the script, as the compiler noted it at the instructions; empty if it did not.
	Place string
	// Imported is the function of an imported object file that the place is in; empty if it is in the script.
	Imported string
	// Log is the verifier's log.
	Log []string
	err error
}

// tailLines is how much of the log the message holds.
const tailLines = 10

// Error returns the place, the end of the log, and whose fault it is.
func (e *VerifierError) Error() string {
	var b strings.Builder
	switch {
	case e.Imported != "":
		b.WriteString("the kernel rejected the imported function " + e.Imported + "()")
	case e.Program != "":
		b.WriteString("the kernel rejected the program " + e.Program)
	default:
		b.WriteString("the kernel rejected the program")
	}
	if e.Place != "" {
		b.WriteString(" at " + e.Place)
	}
	for _, line := range e.Log[max(0, len(e.Log)-tailLines):] {
		b.WriteString("\n    " + line)
	}
	b.WriteString("\n" + e.advice())
	return b.String()
}

// advice says what to do. There are limits of the kernel that only the script's author can keep.
func (e *VerifierError) advice() string {
	for _, line := range e.Log {
		if strings.Contains(line, "maps per program has reached the limit") {
			return "the kernel lets one action use so many maps; use fewer, or one map with a key"
		}
		if strings.Contains(line, "infinite loop detected") || strings.Contains(line, "back-edge from insn") {
			return "the kernel sees no end of a loop; for $i : 0..n { … } has one that it knows"
		}
		if helper := refusedHelper(line); helper != "" {
			return fmt.Sprintf("this kernel does not let the probe's programs call %s: it was built without it, or is locked down", helper)
		}
	}
	if e.Imported != "" {
		return "it does what the kernel cannot prove to be safe with what the script passes to it; -d verifier prints the whole log"
	}
	return "this is a bug in gtrace; -d verifier prints the whole log"
}

// refusedHelper returns the helper that a line of the log says is not for this program.
func refusedHelper(line string) string {
	for _, words := range []string{"program of this type cannot use helper ", "unknown func "} {
		if _, rest, ok := strings.Cut(line, words); ok {
			name, _, _ := strings.Cut(rest, "#")
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// Unwrap returns the kernel's error.
func (e *VerifierError) Unwrap() error { return e.err }

// culprit finds the program that an error of the library is about; the library says it only in its text.
func culprit(err error, spec *ebpf.CollectionSpec) string {
	best, text := "", err.Error()
	for name := range spec.Programs {
		if strings.Contains(text, "program "+name+":") && len(name) > len(best) {
			best = name
		}
	}
	return best
}

// place finds the source of the last instruction that the log names, and the imported function that it is in, if any. The log has source lines of its own, but newer
// kernels leave out those whose line number is that of the one before, and the line number of a comment is always 0.
func place(log []string, p *ebpf.ProgramSpec) (text, imported string) {
	at, ok := lastInstruction(log)
	if !ok || p == nil {
		return "", ""
	}
	iter := p.Instructions.Iterate()
	for iter.Next() && int(iter.Offset) <= at {
		if symbol := iter.Ins.Symbol(); symbol != "" {
			imported, _ = object.ImportedName(symbol)
		}
		if src := iter.Ins.Source(); src != nil {
			text = sourceText(src)
		}
	}
	return text, imported
}

// cLine is what is known of a line of C.
type cLine interface {
	FileName() string
	LineNumber() uint32
}

// sourceText returns a line of the script, or a line of C with its place.
func sourceText(src fmt.Stringer) string {
	if c, ok := src.(cLine); ok && c.FileName() != "" {
		return fmt.Sprintf("%s:%d %s", c.FileName(), c.LineNumber(), strings.TrimSpace(src.String()))
	}
	return src.String()
}

// lastInstruction returns the number of the last instruction in a log, from a line such as "12: (79) r0 = *(u64 *)(r1 +0)".
func lastInstruction(log []string) (int, bool) {
	for i := len(log) - 1; i >= 0; i-- {
		number, _, ok := strings.Cut(log[i], ": (")
		if !ok {
			continue
		}
		if n, err := strconv.Atoi(number); err == nil {
			return n, true
		}
	}
	return 0, false
}
