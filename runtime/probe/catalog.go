package probe

import (
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/runtime/host"
)

// catalog returns all probe types of the language.
func catalog(h *host.Host, t *together) []entry {
	return []entry{
		{provider: &edge{name: "begin"}, quiet: true},
		{provider: &edge{name: "end"}, quiet: true},
		{provider: &tracepoint{host: h}, aliases: []string{"t"}},
		{provider: &rawTracepoint{host: h}, aliases: []string{"rt"}},
		{provider: &kprobe{host: h, name: "kprobe"}, aliases: []string{"k"}},
		{provider: &kprobe{host: h, name: "kretprobe", ret: true}, aliases: []string{"kr"}, quiet: true},
		{provider: &uprobe{host: h, name: "uprobe", types: &cTypes{}}, aliases: []string{"u"}, quiet: true},
		{provider: &uprobe{host: h, name: "uretprobe", ret: true, types: &cTypes{}}, aliases: []string{"ur"}, quiet: true},
		{provider: &timer{host: h, together: t, name: "interval"}, aliases: []string{"i"}, quiet: true},
		{provider: &timer{host: h, together: t, name: "profile", everyCPU: true}, aliases: []string{"p"}, quiet: true},

		{provider: &counter{host: h, together: t, name: "software", kind: unix.PERF_TYPE_SOFTWARE, events: softwareEvents}, aliases: []string{"s"}},
		{provider: &counter{host: h, together: t, name: "hardware", kind: unix.PERF_TYPE_HARDWARE, events: hardwareEvents}, aliases: []string{"h"}},
		{provider: &watchpoint{host: h, together: t}, aliases: []string{"w"}, quiet: true},
		{provider: &fentry{host: h, name: "fentry"}, aliases: []string{"f", "kfunc"}},
		{provider: &fentry{host: h, name: "fexit", ret: true}, aliases: []string{"fr", "kretfunc"}, quiet: true},
		{provider: &usdtProbe{host: h}, aliases: []string{"U"}, quiet: true},
		{provider: &iter{host: h}, aliases: []string{"it"}},
		{provider: self{}, quiet: true},
		{provider: &selfTest{name: "test", kind: attach.KindTestRun}, quiet: true},
		{provider: &selfTest{name: "bench", kind: attach.KindXDP}, quiet: true},
	}
}
