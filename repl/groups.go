package repl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/runtime"
)

// running is a group of probes in the background.
type running struct {
	id    int
	group *runtime.Group
	// in is what was compiled, text its probes as they are saved; title is what lists show.
	in          Input
	text, title string
}

// register gives a group its number.
func (r *repl) register(g *runtime.Group, c *Compiled, in Input) {
	r.mu.Lock()
	n := &running{id: r.nextID, group: g, in: in, text: c.Probes, title: title(c, in)}
	r.nextID++
	r.groups = append(r.groups, n)
	r.mu.Unlock()
	r.note("[%d] %s\n", n.id, probeNames(c.Object.Manifest))
	if code, ok := g.Exited(); ok { // before it was registered
		r.groupExited(g, code)
	}
}

// groupExited ends a group that called exit(). It is called from other goroutines.
func (r *repl) groupExited(g *runtime.Group, code int) {
	r.mu.Lock()
	i := slices.IndexFunc(r.groups, func(n *running) bool { return n.group == g })
	if i < 0 {
		r.mu.Unlock()
		return
	}
	n := r.groups[i]
	r.groups = slices.Delete(r.groups, i, i+1)
	r.mu.Unlock()
	if err := g.Stop(); err != nil {
		r.say("ERROR: [%d]: %v\n", n.id, err)
	}
	r.note("[%d] ended: exit(%d)\n", n.id, code)
}

// snapshot returns what runs.
func (r *repl) snapshot() []*running {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.groups)
}

// take removes a group from the table; it reports false if it ended meanwhile.
func (r *repl) take(n *running) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(r.groups, n)
	if i >= 0 {
		r.groups = slices.Delete(r.groups, i, i+1)
	}
	return i >= 0
}

// chosen returns the groups that numbers name: "2 3" or "all".
func (r *repl) chosen(args string) ([]*running, error) {
	all := r.snapshot()
	words := strings.Fields(strings.ReplaceAll(args, ",", " "))
	switch {
	case len(words) == 0:
		return nil, errors.New("which probes? give their number, or all; :probes lists them")
	case len(words) == 1 && (words[0] == "all" || words[0] == "*"):
		return all, nil
	}
	var out []*running
	for _, w := range words {
		id, err := strconv.Atoi(w)
		i := slices.IndexFunc(all, func(n *running) bool { return n.id == id })
		if err != nil || i < 0 {
			return nil, fmt.Errorf("there are no probes with the number %s; :probes lists what runs", w)
		}
		if !slices.Contains(out, all[i]) {
			out = append(out, all[i])
		}
	}
	return out, nil
}

// each does something to the groups that args name, as far as they still run.
func (r *repl) each(args string, done string, f func(*running) error) error {
	groups, err := r.chosen(args)
	if err != nil {
		return err
	}
	var errs []error
	for _, n := range groups {
		if err := f(n); err != nil {
			errs = append(errs, fmt.Errorf("[%d]: %w", n.id, err))
			continue
		}
		r.note("[%d] %s\n", n.id, done)
	}
	return errors.Join(errs...)
}

func (r *repl) cmdStop(_ context.Context, args string) error {
	return r.each(args, "stopped", func(n *running) error {
		if !r.take(n) {
			return errors.New("ended meanwhile")
		}
		return n.group.Stop()
	})
}

func (r *repl) cmdPause(_ context.Context, args string) error {
	return r.each(args, "paused", func(n *running) error { return n.group.Pause() })
}

func (r *repl) cmdResume(ctx context.Context, args string) error {
	return r.each(args, "running", func(n *running) error { return n.group.Resume(ctx) })
}

// cmdProbes lists what runs.
func (r *repl) cmdProbes(context.Context, string) error {
	groups := r.snapshot()
	if len(groups) == 0 {
		r.say("No probes run.\n")
		return nil
	}
	for _, n := range groups {
		state := ""
		if n.group.Paused() {
			state = " (paused)"
		}
		l, err := n.group.Losses()
		if err != nil {
			return err
		}
		r.say("[%d]%s %s%s\n", n.id, state, n.title, lossText(l))
	}
	return nil
}

// title is a group's probes: as they were typed, or by their names if they come from a file.
func title(c *Compiled, in Input) string {
	if in.File.Name == TypedName || in.File.Name == ScriptName {
		return clip(c.Probes, 200)
	}
	return strings.Join(append([]string{in.File.Name}, in.Params...), " ") + ": " + probeNames(c.Object.Manifest)
}

// clip writes a text as one line of at most n characters.
func clip(text string, n int) string {
	line, _ := oneLine(text)
	line = strings.Join(strings.Fields(line), " ")
	if runes := []rune(line); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return line
}

// lossText says what a group has lost.
func lossText(l runtime.Losses) string {
	var parts []string
	if l.Events > 0 {
		parts = append(parts, fmt.Sprintf("%d events", l.Events))
	}
	if l.Missed > 0 {
		parts = append(parts, fmt.Sprintf("%d events while another program ran", l.Missed))
	}
	if l.Stacks > 0 {
		parts = append(parts, fmt.Sprintf("%d stacks", l.Stacks))
	}
	for _, name := range sortedKeys(l.Maps) {
		parts = append(parts, fmt.Sprintf("%d updates of %s", l.Maps[name], name))
	}
	if len(parts) == 0 {
		return ""
	}
	return "  (lost: " + strings.Join(parts, ", ") + ")"
}
