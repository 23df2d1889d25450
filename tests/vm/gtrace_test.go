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
	return slices.Concat(scriptCases(), functionCases(), builtinCases(), stringCases(), taskCases(), packetCases(), kprobeCases(), fentryCases(), probeFormCases(), iterCases(), tracepointCases(), uprobeCases(),
		timerCases(), eventCases(), commandCases(), errorCases(), sessionCases())
}

// traced is a case that runs a program while a worker works, then interrupts it.
func traced(name, program, work string, stdout vm.Want) vm.Case {
	return vm.Case{
		Case: wire.Case{
			Name:      name,
			Run:       []string{"gtrace", "-e", program},
			Work:      append([]string{"worker"}, strings.Fields(work)...),
			Interrupt: true,
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
