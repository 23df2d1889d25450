package complete_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/repl/complete"
)

// manySymbols is a machine with n functions.
func manySymbols(n int) *fake {
	f := newFake()
	r := rand.New(rand.NewPCG(1, 2))
	parts := []string{"tcp", "vfs", "ext4", "do", "__x64", "sys", "btrfs", "nfs", "alloc", "page", "inode", "get"}
	for i := range n {
		name := fmt.Sprintf("%s_%s_%s_%d", parts[r.IntN(len(parts))], parts[r.IntN(len(parts))], parts[r.IntN(len(parts))], i)
		f.functions = append(f.functions, name)
	}
	slices.Sort(f.functions)
	return f
}

// inputs are what a person might wait for.
var inputs = []string{
	"kprobe:", "kprobe:t", "kprobe:tcp_vfs", "kprobe:nosuch", "kprobe:vfs_read { curtask.mm.o", "kprobe:vfs_read { pri",
	"kprobe:vfs_read { @[comm] = count(); } kprobe:tcp_* { $x = curtask->mm; $x.p", "tracepoint:syscalls:sys_enter_* { args.f", "pr",
}

// TestSpeed allows ten times as much as a person should have to wait, since machines that run tests are busy.
func TestSpeed(t *testing.T) {
	c := complete.New(manySymbols(100_000))
	for _, text := range inputs {
		best := time.Hour
		for range 5 {
			begin := time.Now()
			c.Now(text, len(text))
			best = min(best, time.Since(begin))
		}
		require.Less(t, best, 500*time.Millisecond, text)
	}
}

func BenchmarkComplete(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		c := complete.New(manySymbols(n))
		for _, text := range inputs {
			b.Run(fmt.Sprintf("%d/%s", n, text), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c.Now(text, len(text))
				}
			})
		}
	}
}

// TestLimit checks that what is left out is counted, and that Common knows it.
func TestLimit(t *testing.T) {
	c := complete.New(manySymbols(100_000))
	r := c.Now("kprobe:", 7)
	require.Len(t, r.Candidates, complete.Limit)
	require.Equal(t, 100_000+8+2, r.Total)
	require.Empty(t, r.Common)
	r = c.Now("kprobe:tcp", 10)
	require.Len(t, r.Candidates, complete.Limit)
	require.Greater(t, r.Total, 5000)
	require.Equal(t, "tcp_", r.Common)
	require.Equal(t, 7, r.Start)
}

// slow is a machine that has to read its functions first.
type slow struct {
	*fake
	read  chan struct{}
	mu    sync.Mutex
	asked int
}

func (s *slow) Part(kind string, before []string, prefix string) []complete.Names {
	s.mu.Lock()
	s.asked++
	s.mu.Unlock()
	<-s.read
	return s.fake.Part(kind, before, prefix)
}

// TestPending checks that a prompt does not wait for what takes long, and gets it later.
func TestPending(t *testing.T) {
	s := &slow{fake: newFake(), read: make(chan struct{})}
	c := complete.New(s)
	for range 3 {
		begin := time.Now()
		r := c.Complete("kprobe:vfs_w", 12)
		require.True(t, r.Pending)
		require.Empty(t, r.Candidates)
		require.Less(t, time.Since(begin), 2*time.Second)
	}
	s.mu.Lock()
	require.Equal(t, 1, s.asked, "one question at a time")
	s.mu.Unlock()
	close(s.read)
	require.Eventually(t, func() bool {
		r := c.Complete("kprobe:vfs_w", 12)
		return !r.Pending && len(r.Candidates) == 1
	}, 10*time.Second, time.Millisecond)
}

func TestDetails(t *testing.T) {
	tests := []struct{ text, candidate, detail string }{
		{"curtask.co", "comm", "string[16]"},
		{"curtask.mm", "mm", "struct mm_struct *"},
		{"@by", "@bytes", "[uint32,string[16]] hist_t"},
		{"@by.l", "low", "uint64"},
		{"@tas", "@task", "[uint32] struct task_struct *"},
		{"$a = nsecs; $b = comm; $", "$a", "uint64"},
		{"$a = nsecs; $b = comm; $", "$b", "string[16]"},
		{"print(strn", "strncmp(", "strncmp(a, b, length)"},
		{"print(kst", "kstack", "kstack([mode][, depth])"},
		{"print(cp", "cpu", "uint64 Number of the CPU that the probe fired on."},
		{"print(tw", "twice(", "macro twice(x)"},
		{"print(ha", "half(", "fn half($n: uint64): uint64"},
		{"k", "k:", "kprobe"},
		{":lo", ":load ", "load a script"},
		{"kretprobe:vfs_read { $r = retval; $", "$r", "int64"},
	}
	c := complete.New(newFake())
	for _, tt := range tests {
		t.Run(tt.text+" "+tt.candidate, func(t *testing.T) {
			r := c.Now(tt.text, len(tt.text))
			require.Contains(t, r.Candidates, complete.Candidate{Text: tt.candidate, Detail: tt.detail})
		})
	}
}

func FuzzComplete(f *testing.F) {
	for _, text := range inputs {
		f.Add(text, len(text))
	}
	for _, text := range []string{
		"kprobe:a/b/ { if (1) { $x = ({ $y = 1; $y.} ) } } < > config = { a = b } import \"x\"; macro m($a) { }", "#include \"x", "let @a = hash(1); @a[1", "((((struct",
		"fn f($a: struct x *, $b: int8): void { $a->b.", "offsetof(struct task_struct, mm.", "uprobe:\"/bin/x\"", ":set a = b", "for ($k : @a) { $k.1.", "struct a { struct b { int", "kprobe:f < a > b >", "\xff@\xfe.",
	} {
		f.Add(text, len(text))
		f.Add(text, len(text)/2)
	}
	c := complete.New(newFake())
	f.Fuzz(func(t *testing.T, text string, pos int) {
		r := c.Now(text, pos)
		checkResult(t, text, min(max(pos, 0), len(text)), r)
	})
}
