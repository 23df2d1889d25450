package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

const (
	ctrlC = "\x03"
	ctrlD = "\x04"
	ctrlR = "\x12"
	ctrlU = "\x15"
	up    = "\x1b[A"
)

func TestSessionAnswers(t *testing.T) {
	c := talk(t)
	for _, test := range []struct{ typed, shown string }{
		{"1 << 20", "1048576"},
		{"sizeof(struct list_head)", "16"},
		{`"a" == "a"`, "true"},
		{"(1, \"x\", 3)", "(1, x, 3)"},
		{"@x = 5", ""},
		{"@x", "@x: 5"},
		{"@x + 300", "305"},
		{"@x = 100000000000", ""},
		{"@x", "@x: 100000000000"},
		{`printf("%lld\n", @x); print(1)`, "100000000000\n1"},
		{`printf("no end")`, "no end"},
		{"#define TEN 10", ""},
		{"TEN * 2", "20"},
		{"struct pair { int a; int b; }", ""},
		{"sizeof(struct pair)", "8"},
		{":clear @x", ""},
		{"@x", "@x: 0"},
		{"@s = \"abc\"", ""},
		{"@s = \"a longer text\"", ""},
		{"@s", "@s: a longer text"},
		{":drop all", ""},
		{":maps", "There are no maps."},
	} {
		require.Equal(t, test.shown, c.enter(test.typed), test.typed)
	}
	c.keys(ctrlD)
	require.Zero(t, c.leaves())
}

func TestSessionInputOverSeveralLines(t *testing.T) {
	c := talk(t)
	c.keys("if (1 == 1) { // yes }\r")
	c.shows("      >")
	c.keys("  printf(\"deep }\\n\");\r")
	require.Contains(t, c.enter("}"), "deep }")
	c.keys("print((1,\r")
	require.Contains(t, c.enter("2))"), "(1, 2)")
	c.keys("BEGIN\r< printf(\"angle\\n\");\r")
	require.Contains(t, c.enter(">"), "angle")
	c.keys("/* a comment\r")
	require.Contains(t, c.enter("ends */ 40 + 2"), "42")
	c.keys("1 +\r")
	c.keys("\r") // an empty line ends what is not complete
	c.until(func(s string) bool { return strings.Contains(s, "ERROR") && lastLine(s) == "gtrace> 1 +" })
	c.keys(ctrlC + ":q\r")
	require.Zero(t, c.leaves())
}

func TestSessionErrorsComeBack(t *testing.T) {
	c := talk(t)
	c.keys("print(nosuch)\r")
	s := c.until(func(s string) bool { return strings.Contains(s, "ERROR") && lastLine(s) == "gtrace> print(nosuch)" })
	require.Contains(t, s, "input:1:7-13: ERROR: Unknown identifier: 'nosuch'\nprint(nosuch)\n      ~~~~~~")
	c.keys(strings.Repeat("\b", len("nosuch)")))
	require.Contains(t, c.enter("17)"), "17")
	c.keys(":nosuch\r")
	c.until(func(s string) bool { return strings.Contains(s, "no command") && lastLine(s) == "gtrace> :nosuch" })
	c.keys(ctrlU)
	require.Equal(t, "18", c.enter("18"))
	c.keys("@m = 1\r")
	c.until(func(s string) bool { return atPrompt(s) && strings.Contains(s, "@m = 1") })
	c.keys("@m = \"text\"\r")
	require.Contains(t, c.shows("HINT"), "HINT: the session's map @m keeps its types; :drop @m forgets it")
	c.until(func(s string) bool { return strings.Contains(s, "HINT") && lastLine(s) == `gtrace> @m = "text"` })
	c.keys(ctrlC + "exit(3)\r")
	require.Equal(t, 3, c.leaves())
}

// What probes print while a line is being typed comes in whole lines above it.
func TestSessionBackgroundOutput(t *testing.T) {
	w := testenv.NewWorker(t)
	c := talk(t)
	c.enter(fmt.Sprintf(`tracepoint:syscalls:sys_enter_getppid /tid == %d/ { @n++; printf("event %%d\n", @n); }`, w.TID()))
	const text = "print(12345678)"
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 40 {
			w.Getppid(5)
			time.Sleep(10 * time.Millisecond)
		}
	}()
	for _, key := range text {
		c.keys(string(key))
		time.Sleep(20 * time.Millisecond)
	}
	<-done
	s := c.until(func(s string) bool { return strings.Contains(s, "event 200\n") && lastLine(s) == "gtrace> "+text })
	require.Equal(t, eventLines(200), between(s, "event 1\n", "gtrace> "+text))
	c.keys("\r")
	s = c.until(func(s string) bool { return atPrompt(s) && strings.Contains(s, "12345678\n") })
	require.Equal(t, 1, strings.Count(s, "\n12345678\n"))

	// Much of it at once, and a line without an end.
	c.keys("half")
	w.Getppid(3000)
	s = c.until(func(s string) bool { return strings.Contains(s, "event 3200\n") && lastLine(s) == "gtrace> half" })
	for i := 201; i <= 3200; i++ {
		require.Contains(t, s, fmt.Sprintf("\nevent %d\n", i))
	}
	c.keys(ctrlU)
	c.enter(":stop all")
	c.enter(fmt.Sprintf(`tracepoint:syscalls:sys_enter_getppid /tid == %d/ { printf("no end"); }`, w.TID()))
	c.keys("half")
	w.Getppid(1)
	c.until(func(s string) bool { return strings.HasSuffix(s, "\nno end\ngtrace> half") })
	c.keys(ctrlC + ctrlD)
	require.Zero(t, c.leaves())
}

func eventLines(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "event %d\n", i)
	}
	return b.String()
}

// between returns what a screen shows from one text up to another.
func between(s, from, to string) string {
	i := strings.Index(s, from)
	j := strings.LastIndex(s, to)
	if i < 0 || j < i {
		return ""
	}
	return s[i:j]
}

func TestSessionInterrupt(t *testing.T) {
	c := talk(t)
	c.enter("interval:ms:50 { @ticks = count(); }")
	c.keys("half a line")
	c.shows("half a line")
	c.keys(ctrlC)
	c.until(func(s string) bool { return strings.HasSuffix(s, "half a line^C\ngtrace>") })
	c.keys(":watch @ticks 100ms\r")
	c.until(func(s string) bool { return strings.Count(s, "Ctrl-C ends") >= 3 && strings.Contains(s, "@ticks: ") })
	c.keys(ctrlC)
	c.until(atPrompt)
	c.keys(":sleep 600\r")
	c.until(func(s string) bool { return strings.HasSuffix(strings.TrimSpace(s), ":sleep 600") })
	time.Sleep(time.Second)
	c.keys(ctrlC)
	c.until(func(s string) bool { return strings.Contains(s, "Interrupted.") && atPrompt(s) })
	require.Contains(t, c.enter(":probes"), "[1] interval:ms:50", "the probes run on")
	require.Equal(t, "[1] stopped", c.enter(":stop all"))
	require.Contains(t, c.enter("@ticks > 1"), "true", "the maps stay")
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGTERM))
	require.Zero(t, c.leaves())
	require.Contains(t, c.display.String(), "\n@ticks: ", "it ends as a run does")
}

func TestSessionPaste(t *testing.T) {
	c := talk(t)
	script := "BEGIN\n{\n\tprintf(\"begun\\n\");\n}\n\n// of the workers\ninterval:s:1000,\ninterval:s:2000\n{\n\t@n = 1; // one\n}\n"
	paste := func(text string) { c.keys("\x1b[200~" + strings.ReplaceAll(text, "\n", "\r") + "\x1b[201~") }
	paste(script)
	c.shows("[1] begin, interval:s:1000, interval:s:2000")
	c.shows("\nbegun\n")
	paste("1 + 1\n2 + 2\n3 + 3")
	c.until(func(s string) bool { return lastLine(s) == "gtrace> 3 + 3" })
	require.Equal(t, "6", c.enter(""))
	s := c.display.String()
	require.Regexp(t, `1 \+ 1\n2\ngtrace> 2 \+ 2\n4\ngtrace> 3 \+ 3`, s)
	// As it comes from terminals that do not mark it.
	c.keys("interval:s:3000\r{\r\t@m = 1;\r}\r5 + 5\r")
	c.until(func(s string) bool { return strings.HasSuffix(s, "\n10\ngtrace>") })
	require.Contains(t, c.enter(":probes"), "[2] interval:s:3000 { @m = 1; }")
	c.keys(ctrlD)
	require.Zero(t, c.leaves())
}

func TestSessionHistory(t *testing.T) {
	state := t.TempDir()
	c := talkWide(t, 80, state)
	c.enter("11 + 11")
	c.enter("22 + 22")
	c.keys("if (1) {\r")
	c.shows("      >")
	c.enter("print(33) }")
	c.keys("foo\r")
	c.until(func(s string) bool { return strings.Contains(s, "ERROR") && lastLine(s) == "gtrace> foo" })
	c.keys(ctrlC + ctrlD)
	require.Zero(t, c.leaves())
	require.Equal(t, "11 + 11\n22 + 22\nif (1) { print(33) }\nfoo\n", c.history())

	folder, err := os.Stat(filepath.Join(state, "gtrace"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), folder.Mode().Perm())
	file, err := os.Stat(filepath.Join(state, "gtrace", "history"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), file.Mode().Perm())

	c = talkWide(t, 80, state)
	c.keys(up + up)
	c.until(func(s string) bool { return lastLine(s) == "gtrace> if (1) { print(33) }" })
	require.Equal(t, "33", c.enter(""))
	c.keys(ctrlR + "22 +")
	c.until(func(s string) bool { return strings.Contains(s, "gtrace> 22 + 22") })
	c.keys("\r")
	c.until(func(s string) bool { return strings.HasSuffix(s, "\n44\ngtrace>") })
	c.keys(ctrlD)
	require.Zero(t, c.leaves())
	require.Equal(t, "11 + 11\n22 + 22\nif (1) { print(33) }\nfoo\nif (1) { print(33) }\n22 + 22\n", c.history())
}

func TestSessionResize(t *testing.T) {
	w := testenv.NewWorker(t)
	c := talkWide(t, 40, t.TempDir())
	c.enter(fmt.Sprintf(`tracepoint:syscalls:sys_enter_getppid /tid == %d/ { printf("event\n"); }`, w.TID()))
	resize(t, c.pty, 100)
	c.display.mu.Lock()
	c.display.width = 100
	c.display.mu.Unlock()
	time.Sleep(300 * time.Millisecond) // the signal about it is on its way
	long := "print(\"" + strings.Repeat("a", 70) + "\")"
	c.keys(long)
	c.until(func(s string) bool { return lastLine(s) == "gtrace> "+long })
	w.Getppid(2)
	c.until(func(s string) bool { return strings.HasSuffix(s, "\nevent\nevent\ngtrace> "+long) })
	c.keys("\r")
	c.until(func(s string) bool { return strings.HasSuffix(s, "\n"+strings.Repeat("a", 70)+"\ngtrace>") })
	c.keys(ctrlD)
	require.Zero(t, c.leaves())
}

// A terminal that understands no escape codes gets none.
func TestSessionOnADumbTerminal(t *testing.T) {
	w := testenv.NewWorker(t)
	c := talk(t, "TERM=dumb")
	c.enter(fmt.Sprintf(`tracepoint:syscalls:sys_enter_getppid /tid == %d/ { printf("event\n"); }`, w.TID()))
	w.Getppid(1)
	c.until(func(s string) bool { return strings.HasSuffix(s, "\nevent\ngtrace>") })
	c.keys("print(1\r")
	c.shows("      >")
	c.keys(ctrlC)
	c.until(atPrompt)
	require.Contains(t, c.enter("6 * 7"), "42")
	require.NotContains(t, c.display.bytes(), "\x1b")
	c.keys(ctrlD)
	require.Zero(t, c.leaves())
}

// A serial line does not know how wide its terminal is.
func TestSessionOnASerialLine(t *testing.T) {
	c := talkWide(t, 0, t.TempDir(), "COLUMNS=")
	require.Equal(t, "3", c.enter("1 + 2"))
	c.keys("print(\"" + strings.Repeat("b", 100) + "\")\r")
	c.until(func(s string) bool {
		return strings.HasSuffix(s, "\n"+strings.Repeat("b", 80)+"\n"+strings.Repeat("b", 20)+"\ngtrace>")
	})
	c.keys(ctrlD)
	require.Zero(t, c.leaves())
}

var colors = regexp.MustCompile(`\x1b\[3[0-9]m`)

func TestSessionColors(t *testing.T) {
	c := talk(t)
	c.keys("nosuch\r")
	c.shows("ERROR")
	require.NotRegexp(t, colors, c.display.bytes())
	c = talk(t, "GTRACE_COLOR=always")
	c.keys("nosuch\r")
	c.shows("ERROR")
	require.Regexp(t, colors, c.display.bytes())
}

func TestSessionCompletes(t *testing.T) {
	c := talk(t)
	c.enter("@reads[1] = 5")
	for _, test := range []struct{ typed, shown string }{
		{":pro", "gtrace> :probes"},
		{"print(@re", "gtrace> print(@reads"},
		{"tracepoint:syscalls:sys_enter_openat2 { print(args.dfd", "gtrace> tracepoint:syscalls:sys_enter_openat2 { print(args.dfd"},
		{"tracepoint:syscalls:sys_enter_getppi", "gtrace> tracepoint:syscalls:sys_enter_getppid"},
	} {
		c.keys(test.typed)
		ok := func(s string) bool { return strings.HasPrefix(lastLine(s), test.shown) }
		require.Eventually(t, func() bool {
			c.keys("\t")
			time.Sleep(100 * time.Millisecond)
			return ok(c.display.String())
		}, patience, 100*time.Millisecond, "%s: %s", test.typed, c.display)
		c.keys(ctrlC)
		c.until(atPrompt)
	}
	c.keys(ctrlD)
	require.Zero(t, c.leaves())
}
