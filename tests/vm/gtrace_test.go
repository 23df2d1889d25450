package vm_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

// gtraceCases are what gtrace has to do on every kernel.
func gtraceCases() []vm.Case {
	return slices.Concat(scriptCases(), longCases(), functionCases(), builtinCases(), stringCases(), taskCases(), packetCases(), kprobeCases(), fentryCases(), probeFormCases(), iterCases(), tracepointCases(), uprobeCases(),
		timerCases(), eventCases(), commandCases(), errorCases(), sessionCases())
}

// missed is what gtrace says where the kernel did not run a program because another task's run of it was not over on that CPU: from 7.0 on
// it lets most programs be interrupted.
const missed = "a program was already running on the CPU"

// traced is a case that runs a program while a worker works, then interrupts it.
func traced(name, program, work string, stdout vm.Want) vm.Case {
	return vm.Case{
		Case: wire.Case{
			Name:      name,
			Run:       []string{"gtrace", "-e", program},
			Work:      append([]string{"worker"}, strings.Fields(work)...),
			Interrupt: true,
			Again:     missed,
		},
		Stdout: stdout,
		Stderr: vm.Match(`(.*\n)?Attached \d+ probes?`), // after warnings, if any
	}
}

// alone is a case whose program ends by itself.
func alone(name, program string, stdout vm.Want) vm.Case {
	return vm.Case{
		Case:   wire.Case{Name: name, Run: []string{"gtrace", "-e", program}},
		Stdout: stdout,
	}
}

// failing is a case of a program that is refused.
func failing(name, program string, pieces ...string) vm.Case {
	return vm.Case{
		Case:   wire.Case{Name: name, Run: []string{"gtrace", "-e", program}},
		Stdout: vm.Exact(""),
		Stderr: vm.Has(pieces),
		Exit:   1,
	}
}

// notAttached is failing for a script that compiles.
func notAttached(name, program string, pieces ...string) vm.Case {
	return with(failing(name, program, pieces...), func(c *vm.Case) { c.Exit = 255 })
}

func with(c vm.Case, change func(*vm.Case)) vm.Case {
	change(&c)
	return c
}

var mapLine = regexp.MustCompile(`(?m)^@\S*?(?:\[.*\])?: (\d+)$`)

// total wants the numbers of all maps to have a sum between two bounds.
func total(low, high int) func(wire.Result) error {
	return func(r wire.Result) error {
		sum := 0
		for _, m := range mapLine.FindAllStringSubmatch(r.Stdout, -1) {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				return err
			}
			sum += n
		}
		if sum < low || sum > high {
			return fmt.Errorf("want the values to add up to %d to %d, got %d", low, high, sum)
		}
		return nil
	}
}

var (
	countLine  = regexp.MustCompile(`(?m)^@: (\d+)$`)
	sumLine    = regexp.MustCompile(`(?m)^@s: (\d+)$`)
	missedLine = regexp.MustCompile(`(?m)^WARNING: Missed (\d+) events: ` + missed)
)

// counted is for programs that tasks run at once: it wants the map @ to have counted so many calls, less those that the kernel missed,
// and the map @s, if any, to be the sum of 2 for each.
func counted(calls int) func(*vm.Case) {
	return func(c *vm.Case) {
		c.Again, c.Stderr = "", vm.Match(`Attached \d+ probes?(\nWARNING: Missed \d+ events: `+missed+`[^\n]*)?`)
		c.Also = func(r wire.Result) error {
			got, lost := number(countLine, r.Stdout), number(missedLine, r.Stderr)
			if got > calls || got+lost < calls {
				return fmt.Errorf("want %d calls, got %d and %d missed", calls, got, lost)
			}
			if m := sumLine.FindString(r.Stdout); m != "" && number(sumLine, r.Stdout) != 2*got {
				return fmt.Errorf("got %d calls, but %s", got, m)
			}
			return nil
		}
	}
}

// number returns the number in a line, and 0 if there is no such line.
func number(line *regexp.Regexp, text string) int {
	m := line.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		panic("BUG: vm: the number " + m[1])
	}
	return n
}

// sequence wants stdout to be the numbers from 0 to n-1, one a line, in order.
func sequence(n int) func(wire.Result) error {
	return func(r wire.Result) error {
		lines := strings.Fields(r.Stdout)
		for i, line := range lines {
			if line != strconv.Itoa(i) {
				return fmt.Errorf("line %d is %q", i, line)
			}
		}
		if len(lines) != n {
			return fmt.Errorf("want %d lines, got %d", n, len(lines))
		}
		return nil
	}
}
