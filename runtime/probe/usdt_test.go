package probe_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/probe"
	"github.com/gtrace/gtrace/runtime/symbol"
	"github.com/gtrace/gtrace/tests/testenv"
)

// staticSource is a program with static probes, whose notes are written as the macros of sys/sdt.h write them. Its argument says
// how often it passes each probe.
const staticSource = `
#include <stdlib.h>
#define PROBE(provider, name, semaphore, args) __asm__ volatile( \
	"990: nop\n.pushsection .note.stapsdt,\"\",\"note\"\n.balign 4\n.4byte 992f-991f, 994f-993f, 3\n" \
	"991: .asciz \"stapsdt\"\n992: .balign 4\n993: .8byte 990b\n.8byte _.stapsdt.base\n.8byte " semaphore "\n" \
	".asciz \"" provider "\"\n.asciz \"" name "\"\n.asciz \"" args "\"\n994: .balign 4\n.popsection\n" \
	".ifndef _.stapsdt.base\n.pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n" \
	".weak _.stapsdt.base\n.hidden _.stapsdt.base\n_.stapsdt.base: .space 1\n.size _.stapsdt.base, 1\n.popsection\n.endif\n")
unsigned short shop_sale_semaphore __attribute__((section(".probes"), used));
int pair[2] = {5, 6};
__attribute__((noinline)) void sell(long i) {
	PROBE("shop", "visit", "0", "8@%rdi -4@$-3");
	if (shop_sale_semaphore)
		PROBE("shop", "sale", "shop_sale_semaphore", "8@%rdi");
	if (i & 1)
		PROBE("shop", "parity", "0", "8@$1");
	else
		PROBE("shop", "parity", "0", "8@$2");
	PROBE("store", "visit", "0", "");
	PROBE("odd", "place", "0", "8@%xmm0");
	PROBE("odd", "variable", "0", "4@pair+4(%rip) 4@4+pair");
	PROBE("odd", "gone", "0", "4@nowhere(%rip)");
}
int main(int argc, char **argv) {
	for (long i = 0; i < atol(argv[1]); i++)
		sell(i);
	return 0;
}
`

// mustBuildStatic compiles the program with static probes or skips the test.
func mustBuildStatic(t *testing.T) string {
	t.Helper()
	if host.New().Arch() != "amd64" {
		testenv.Skip(t, testenv.Host, "needs amd64, whose registers its notes name")
	}
	cc := testenv.Program(t, "gcc")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "static.c"), []byte(staticSource), 0o644))
	path := filepath.Join(dir, "static")
	out, err := exec.Command(cc, "-O1", "-o", path, filepath.Join(dir, "static.c")).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

func TestUSDT(t *testing.T) {
	path := mustBuildStatic(t)
	s := mustRecord(t)
	ms := mustResolve(t, s, check.ResolveOptions{PID: 7}, "usdt", path, "shop", "visit")
	require.Len(t, ms, 1)
	p, ctx := ms[0].Probe, ms[0].Context
	require.Equal(t, "usdt:"+path+":shop:visit", p.Name)
	require.Equal(t, attach.KindKprobe, p.Kind)
	require.Equal(t, 7, p.PID)
	require.Zero(t, p.Semaphore)
	require.True(t, ctx.UserSpace)
	require.Empty(t, ctx.Func)
	require.Len(t, ctx.ArgN, 12, "arguments that are not there are 0")
	require.Equal(t, &attach.Operand{Kind: attach.OperandRegister, Base: 112, Index: -1}, ctx.ArgN[0].Operand)
	require.Equal(t, &attach.Operand{Kind: attach.OperandConst, Signed: true, Value: -3, Index: -1}, ctx.ArgN[1].Operand)
	require.Equal(t, types.Type(types.Int64), ctx.ArgN[0].Type)

	ms = mustResolve(t, s, check.ResolveOptions{}, "U", path, "visit")
	require.Len(t, ms, 2, "of both providers")
	ms = mustResolve(t, s, check.ResolveOptions{}, "U", path, "*", "parity")
	require.Len(t, ms, 2, "both places")
	require.NotEqual(t, ms[0].Context.ID, ms[1].Context.ID)
	require.Equal(t, []bool{false, true}, []bool{ms[0].Probe.Further, ms[1].Probe.Further}, "they are one probe")
	ms = mustResolve(t, s, check.ResolveOptions{}, "U", path, "odd", "pl*")
	require.Len(t, ms, 1, "where an argument is does not matter to a wildcard")
	require.Empty(t, ms[0].Context.ArgN)
	require.NotZero(t, mustResolve(t, s, check.ResolveOptions{}, "U", path, "sale")[0].Probe.Semaphore)

	pr, _ := s.Provider("usdt")
	_, err := pr.Resolve(attach.Point{Type: "usdt", Parts: []string{path, "shop", "viist"}}, check.ResolveOptions{})
	var perr *check.PointError
	require.ErrorAs(t, err, &perr)
	require.Equal(t, "No matches for usdt "+path+":shop:viist.", perr.Message)
	require.Equal(t, "did you mean usdt:"+path+":visit?", perr.Hint)

	_, err = pr.Resolve(attach.Point{Type: "usdt", Parts: []string{path, "odd", "place"}}, check.ResolveOptions{})
	require.ErrorContains(t, err, "register xmm0 is not supported")
	_, err = pr.Resolve(attach.Point{Type: "usdt", Parts: []string{path, "odd", "gone"}}, check.ResolveOptions{})
	require.ErrorContains(t, err, "has no symbol nowhere")

	ms = mustResolve(t, s, check.ResolveOptions{}, "U", path, "odd", "variable")
	sym, _, err := symbol.Find(path, "pair")
	require.NoError(t, err)
	bin, err := symbol.OpenBinary(path)
	require.NoError(t, err)
	at, ok := bin.Addr(ms[0].Probe.Address)
	require.True(t, ok)
	for _, v := range ms[0].Context.ArgN[:2] {
		const rip = 128
		require.Equal(t, &attach.Operand{Kind: attach.OperandMemory, Base: rip, Index: -1, Value: int64(sym.Addr+4) - int64(at), Scale: 1}, v.Operand)
	}

	ls, err := s.List("usdt:"+path+":shop:*", probe.ListOptions{})
	require.NoError(t, err)
	require.Equal(t, []probe.Listed{
		{Name: "usdt:" + path + ":shop:parity"}, {Name: "usdt:" + path + ":shop:sale"}, {Name: "usdt:" + path + ":shop:visit"},
	}, ls)
	t.Setenv("PATH", filepath.Dir(path))
	all, err := s.List("usdt:*", probe.ListOptions{})
	require.NoError(t, err)
	require.Len(t, all, 7, "each probe once, those of all programs")
	none, err := s.List("usdt:/nonexistent:*", probe.ListOptions{})
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestAttachUSDT(t *testing.T) {
	privileged(t)
	h := host.New()
	testenv.Uprobes(t)
	path := mustBuildStatic(t)
	t.Setenv("PATH", filepath.Dir(path))
	s := probe.New(h)
	work := func() { require.NoError(t, exec.Command(path, strconv.Itoa(7)).Run()) }
	for _, test := range []struct {
		name   string
		parts  []string
		places int
		want   uint64
	}{
		{"one place", []string{path, "shop", "visit"}, 1, 7},
		{"behind a semaphore", []string{path, "shop", "sale"}, 1, 7},
		{"two places", []string{path, "parity"}, 2, 7},
		{"all", []string{path, "*"}, 8, 49},
		{"all programs", []string{"*", "sho*", "visit"}, 1, 7},
	} {
		t.Run(test.name, func(t *testing.T) {
			ms := mustResolve(t, s, check.ResolveOptions{}, "usdt", test.parts...)
			require.Len(t, ms, test.places)
			require.Equal(t, test.want, count(t, s, ms, true, work))
		})
	}
	t.Run("of another process", func(t *testing.T) {
		ms := mustResolve(t, s, check.ResolveOptions{PID: os.Getpid()}, "usdt", path, "shop", "visit")
		require.Zero(t, count(t, s, ms, true, work))
	})
}

func TestUSDTWithoutProbes(t *testing.T) {
	path := mustBuildTarget(t)
	p, _ := mustRecord(t).Provider("usdt")
	_, err := p.Resolve(attach.Point{Type: "usdt", Parts: []string{path, "x", "y"}}, check.ResolveOptions{})
	var perr *check.PointError
	require.ErrorAs(t, err, &perr)
	require.Equal(t, path+" has no static probes", perr.Hint)
}
