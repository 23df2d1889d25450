package vm_test

import (
	"fmt"
	"strings"

	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

// liveValues is how many values live at once in the cases that are about that: the stack has room for half of them.
const liveValues = 120

// manyValues are statements that make as many values from $n and then add them up in $s, in the opposite order.
func manyValues() string {
	var made, added strings.Builder
	for i := range liveValues {
		fmt.Fprintf(&made, "$v%d = $n * %d + %d; ", i, i+3, i)
		fmt.Fprintf(&added, "$s = $s * 3 ^ $v%d; ", liveValues-1-i)
	}
	return "$s = (uint64)0; " + made.String() + "@p = pid; " + added.String()
}

// sumOfValues is what these come to.
func sumOfValues(n uint64) (s uint64) {
	for i := liveValues - 1; i >= 0; i-- {
		s = s*3 ^ (n*uint64(i+3) + uint64(i))
	}
	return s
}

func longCases() []vm.Case {
	const branches = 4100 // more than one function of a program has
	var ifs strings.Builder
	for i := range branches {
		fmt.Fprintf(&ifs, "if ($a != %d) { @r++; }\n", i)
	}
	return []vm.Case{
		alone("values beyond the stack", `BEGIN { @n = 11; $n = (uint64)@n; `+manyValues()+`printf("%lu\n", $s); clear(@p); }`,
			vm.Match(fmt.Sprintf(`%d\s+@n: 11\s*`, sumOfValues(11)))),
		alone("values beyond the stack of a function", `fn total($n : uint64): uint64 { `+manyValues()+`return $s; } BEGIN { @n = 7; printf("%lu %lu\n", total((uint64)@n), total((uint64)9)); clear(@p); }`,
			vm.Match(fmt.Sprintf(`%d %d\s+@n: 7\s*`, sumOfValues(7), sumOfValues(9)))),
		traced("values beyond the stack of a user probe", `uprobe:/bin/worker:gtrace_target { $n = (uint64)arg0; `+manyValues()+`@r[$n] = $s; } END { clear(@p); print(@r[3]); clear(@r); }`,
			"call 10 7", vm.Has{fmt.Sprintf("%d\n", sumOfValues(3))}),
		{
			Case: wire.Case{
				Name: "thousands of branches", Files: map[string]string{"/tmp/long.bt": "BEGIN { @n = 4000; $a = nsecs > 0 ? @n : 1; " + ifs.String() + " clear(@n); }\n"},
				Run: []string{"gtrace", "/tmp/long.bt"},
			},
			Stdout: vm.Match(fmt.Sprintf(`@r: %d\s*`, branches-1)),
		},
	}
}
