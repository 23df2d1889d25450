package host_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// argsSource has a function with arguments of many kinds.
const argsSource = `
struct inner { int x; char name[8]; };
struct outer { int a; struct inner *p; struct inner in; unsigned char b; };
__attribute__((noinline)) long target(char c, short h, unsigned u, struct outer *o, float f, long n)
{ __asm__ volatile("nop"); return c + h + u + o->a + (long)f + n + o->p->x + o->p->name[0]; }
int main(void) {
	struct inner i = {7, "abc"};
	struct outer o = {1, &i, {8, "def"}, 3};
	return target(-2, -3, 9, &o, 1.5, 1l << 40) == 0;
}
`

func TestUprobeArgs(t *testing.T) {
	path := mustBuild(t, "gt_args", argsSource, "-g", "-O0")
	tests := []struct{ name, program, want string }{
		{"numbers", `print((args.c, args.h, args.u, args.n));`, "(-2, -3, 9, 1099511627776)"},
		{"pointers", `print((args.o->a, args.o->p->x, args.o->in.x, args.o->b));`, "(1, 7, 8, 3)"},
		{"structs", `print(*args.o->p); print(args.o->in);`, "{ .x = 7, .name = abc }\n{ .x = 8, .name = def }"},
		{"whole", `$a = args; print($a.h); @ = args; print(@.u); clear(@);`, "-3\n9"},
		{"key", `@[args.c] = args.n; print(@[-2]); clear(@);`, "1099511627776"},
		{"in a function", `printf("%d", hidden(args.o->p->x));`, "8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			prefix := ""
			if strings.Contains(test.program, "hidden") {
				prefix = "fn hidden($n: int32): int64 { return $n + 1; } "
			}
			r := run(t, "-c", path, "-e", prefix+"uprobe:"+path+":target { "+test.program+" exit(); }")
			require.Zero(t, r.code, r.stderr)
			require.Equal(t, test.want, strings.TrimSpace(r.stdout))
		})
	}
	r := run(t, "-e", "uprobe:"+path+":target { print(args.nope); }")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "does not contain a field named 'nope'")
}
