package peer

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A message is a diagnostic with the lines that belong to it.
type message struct {
	text, severity string
	// at is the line and the column that it is about, zero for one without a place.
	at [2]int
}

var (
	// headline begins a message.
	headline = regexp.MustCompile(`^(?:[^ ]+?:(\d+)(?:-\d+)?(?::(\d+)-\d+)?: )?(ERROR|WARNING): `)
	// aside matches lines that are not about the script: how many probes there are, and what a tracer says of the machine.
	aside = regexp.MustCompile(`^(Attached \d+ probes?|WARNING: Could not read functions from .*|WARNING: .*couldn't set RLIMIT_MEMLOCK .*)?$`)
)

// messages puts the diagnostics of a run in an order that says nothing of when they were found. bpftrace checks a script in many passes
// and stops after one with errors, so that warnings beside errors are left out.
func messages(stderr []string) string {
	var all []message
	for _, l := range stderr {
		m := headline.FindStringSubmatch(l)
		switch {
		case aside.MatchString(l):
		case m == nil && len(all) > 0:
			all[len(all)-1].text += strings.TrimRight(l, " ") + "\n"
		default:
			all = append(all, newMessage(l, m))
		}
	}
	failed := slices.ContainsFunc(all, func(m message) bool { return m.severity == "ERROR" && m.at[0] > 0 })
	slices.SortStableFunc(all, func(a, b message) int { return slices.Compare(a.at[:], b.at[:]) })
	var b strings.Builder
	for _, m := range all {
		if !failed || m.severity != "WARNING" {
			b.WriteString(m.text)
		}
	}
	return b.String()
}

// newMessage makes a message of its first line and what headline found in it, nil for a line of another form.
func newMessage(line string, found []string) message {
	m := message{text: strings.TrimRight(line, " ") + "\n"}
	if found != nil {
		m.at[0], _ = strconv.Atoi(found[1])
		m.at[1], _ = strconv.Atoi(found[2])
		m.severity = found[3]
	}
	return m
}

// WithoutHints leaves the hints out of what gtrace says that are not in what bpftrace says.
func WithoutHints(gtrace, bpftrace string) string {
	has := strings.Split(bpftrace, "\n")
	lines := strings.SplitAfter(gtrace, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool {
		return strings.HasPrefix(l, "HINT: ") && !slices.Contains(has, strings.TrimSuffix(l, "\n"))
	}), "")
}
