package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/repl/complete"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/probe"
	"github.com/gtrace/gtrace/tests/testenv"
)

// someTalk is a session with a map and a macro.
type someTalk struct{}

func (someTalk) Maps() []*check.Map {
	return []*check.Map{{Name: "@start", Key: types.Uint32, Value: types.Uint64}}
}
func (someTalk) Prelude() string { return "macro twice(x) { x * 2 }\n" }
func (someTalk) Commands() []complete.Command {
	return []complete.Command{{Name: ":load", Args: []complete.Arg{{Kind: complete.ArgFile}}}}
}

func hostCompletions(t testing.TB) *completions {
	t.Helper()
	testenv.Privileged(t)
	testenv.Tracefs(t)
	h := host.New()
	return newCompletions(newCompiler(&options{}, streams{}, h, probe.New(h)), someTalk{})
}

// ask completes at the | of a text, as often as it takes until everything has been read.
func ask(t testing.TB, c *complete.Completer, text string) []string {
	t.Helper()
	pos := strings.Index(text, "|")
	text = strings.Replace(text, "|", "", 1)
	var r complete.Result
	require.Eventually(t, func() bool {
		r = c.Complete(text, pos)
		return !r.Pending
	}, 30*time.Second, time.Millisecond)
	var out []string
	for _, c := range r.Candidates {
		out = append(out, c.Text)
	}
	return out
}

// TestCompleteHost asks about the machine that the test runs on; want is a part of what must be found.
func TestCompleteHost(t *testing.T) {
	c := complete.New(hostCompletions(t))
	binary := filepath.Join(t.TempDir(), "program") // in a folder where nothing else is
	require.NoError(t, os.Symlink(testenv.Gtrace(t), binary))
	tests := []struct{ text, want string }{
		{"tracep|", "tracepoint:"},
		{"tracepoint:sched:sched_s|", "sched_switch"},
		{"tracepoint:sch|", "sched:"},
		{"rawtracepoint:sched_s|", "sched_switch"},
		{"interval:|", "hz:"},
		{"profile:h|", "hz:"},
		{"tracepoint:sched:sched_switch { args.next_|", "next_pid"},
		{"tracepoint:syscalls:sys_enter_* { args.|", "__syscall_nr"},
		{"rawtracepoint:sched_switch { args.|", "prev"},
		{"rawtracepoint:sched_switch { args.prev.mm.|", "pgd"},
		{"rawtracepoint:sched_switch { args.prev.mm.o|", "owner"},
		{"curtask.mm.pg|", "pgd"},
		{"((struct file *)0).f_path.de|", "dentry"},
		{"begin { $x = PIDTYPE_P|", "PIDTYPE_PGID"},
		{"begin { $x = (struct task_s|", "task_struct"},
		{"begin { $x = kaddr(\"vfs_rea|", "vfs_read\""},
		{"begin { $x = AF_INET|", "AF_INET6"},
		{"@st|", "@start"},
		{"twi|", "twice("},
		{":load ../../go.|", "../../go.mod"},
		{"uprobe:" + binary[:len(binary)-3] + "|", binary + ":"},
		{"uprobe:" + binary + ":main.ma|", "main.main"},
		{"uprobe:" + binary + ":\"github.com/gtrace/gtrace/lang/parser.Par|", "github.com/gtrace/gtrace/lang/parser.Parse\""},
		{"uprobe:" + binary + ":main.main { uaddr(\"main.main|", "main.main\""},
		{"uprobe:l|", "ls:"},
		{"uprobe:libc.s|", "libc.so.6:"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			begin := time.Now()
			got := ask(t, c, tt.text)
			t.Logf("first %v", time.Since(begin))
			begin = time.Now()
			ask(t, c, tt.text)
			t.Logf("again %v", time.Since(begin))
			require.Contains(t, got, tt.want)
		})
	}
}
