package matrix

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Shot is how probes of a type are made to fire while SUBJECT runs, or without it.
type Shot struct {
	// At is the attach point with its predicate.
	At string
	// Subject is set if the traced program has to run.
	Subject bool
	// One is set where a script can have only one probe, or few.
	One bool
	// Also is more of the script.
	Also string
}

// mine is the predicate of probes that others than the traced program would fire.
const mine = " /pid == cpid/"

// Shots say how the probe types fire, by their names. A probe fires often, and shows its forms once.
var Shots = map[string]Shot{
	"begin":         {At: "begin"},
	"end":           {At: "end", Also: "begin { exit(); }"},
	"self":          {At: "self:signal:SIGUSR1", Also: `begin { system("kill -USR1 %d", pid(curr_ns)); }`},
	"interval":      {At: "interval:ms:1"},
	"iter":          {At: "iter:task_file"},
	"profile":       {At: "profile:hz:999" + mine, Subject: true},
	"software":      {At: "software:cpu-clock:1000000" + mine, Subject: true},
	"watchpoint":    {At: "watchpoint:0x10000000:8:w" + mine, Subject: true, One: true},
	"tracepoint":    {At: "tracepoint:syscalls:sys_enter_getpgid" + mine, Subject: true},
	"rawtracepoint": {At: "rawtracepoint:sys_enter" + mine, Subject: true},
	"kprobe":        {At: "kprobe:__x64_sys_getpgid" + mine, Subject: true},
	"kretprobe":     {At: "kretprobe:__x64_sys_getpgid" + mine, Subject: true},
	"fentry":        {At: "fentry:__x64_sys_getpgid" + mine, Subject: true},
	"fexit":         {At: "fexit:__x64_sys_getpgid" + mine, Subject: true},
	"uprobe":        {At: "uprobe:SUBJECT:subject_function" + mine, Subject: true},
	"uretprobe":     {At: "uretprobe:SUBJECT:subject_function" + mine, Subject: true},
	"usdt":          {At: "usdt:SUBJECT:subject:sale" + mine, Subject: true},
}

var (
	// acts are words of forms that do more than to show something.
	acts = regexp.MustCompile(`\b(exit|signal|signal_thread|override|unwatch|write_user)\(`)
	// own are words of what each probe has its own of.
	own = regexp.MustCompile(`\b(\w*pid|tid|leader_\w+|p?comm|username|cpu|numaid|cgroup|cgroup_path|curtask|ctx|nsecs|elapsed|jiffies|rand|` +
		`probe|probetype|retval|arg\d|args|func|reg|usermode|[ku]stack|uaddr|strftime|time)\b|percpu_kaddr\("\w+"\)`)
)

// CanFire reports whether the form does nothing but to show something, or to keep it in a map.
func (f Form) CanFire() bool {
	return !acts.MatchString(f.Text) && !f.has(At) && !strings.Contains(f.Text, "args.")
}

// Same reports whether the form shows the same in all probe types.
func (f Form) Same() bool { return !own.MatchString(f.Text) }

// perShot is how many forms a probe of a script has that fires.
const perShot = 30

// firedMark begins what a form shows: its line in the table follows.
const firedMark = "=form "

// FiredScript returns a script whose probes fire once for all forms, each of which shows its output behind a line of its own.
func FiredScript(s Shot, forms []Form, replace *strings.Replacer) string {
	var b strings.Builder
	b.WriteString(strings.Replace(configLine, "max_map_keys = 16", "max_map_keys = 16; print_maps_on_exit = 0", 1))
	probes := 0
	n := perShot
	if s.One {
		n = len(forms)
	}
	for chunk := range slices.Chunk(forms, n) {
		fmt.Fprintf(&b, "%s { if (@fired%d == 0) { @fired%d = 1;\n", s.At, probes, probes)
		for _, f := range chunk {
			fmt.Fprintf(&b, "{ printf(\"\\n%s%d\\n\"); %s", firedMark, f.Line, f.Body())
			if strings.Contains(f.Text, "@") {
				fmt.Fprintf(&b, " print(@m%d);", f.Line)
			}
			b.WriteString(" }\n")
		}
		b.WriteString("@over++; } }\n")
		probes++
	}
	fmt.Fprintf(&b, "interval:ms:20 /@over == %d/ { exit(); }\n%s\n", probes, s.Also)
	return replace.Replace(b.String())
}

// Fired returns what forms have shown, by their lines in the table.
func Fired(stdout string) map[int]string {
	out := map[int]string{}
	for i, part := range strings.Split(stdout, "\n"+firedMark) {
		head, text, _ := strings.Cut(part, "\n")
		if n, err := strconv.Atoi(head); err == nil && i > 0 {
			out[n] = strings.Trim(text, "\n")
		}
	}
	return out
}
