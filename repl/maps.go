package repl

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gtrace/gtrace/runtime"
	"github.com/gtrace/gtrace/runtime/output"
	"github.com/gtrace/gtrace/runtime/value"
)

// cmdMaps lists the maps.
func (r *repl) cmdMaps(context.Context, string) error {
	names := r.ses.Maps()
	if len(names) == 0 {
		r.say("There are no maps.\n")
		return nil
	}
	for _, name := range names {
		m, err := r.ses.MapInfo(name)
		if err != nil {
			return err
		}
		r.say("%s\n", describeMap(m))
	}
	return nil
}

func describeMap(m runtime.MapInfo) string {
	text, entries := fmt.Sprintf("%s: %s", m.Name, m.Value), ""
	if m.Key != nil {
		text = fmt.Sprintf("%s[%s]: %s", m.Name, strings.Trim(m.Key.String(), "()"), m.Value)
		entries = fmt.Sprintf(", %d of %d keys", m.Entries, m.MaxEntries)
	}
	text += "  (" + m.Kind + entries
	if m.Bytes > 0 {
		text += ", " + size(m.Bytes)
	}
	return text + ")"
}

// mapArgs returns the maps that args name: "@a @b" or "all".
func (r *repl) mapArgs(args string) ([]string, error) {
	live := map[string]bool{}
	for _, name := range r.ses.Maps() {
		live[name] = true
	}
	words := strings.Fields(strings.ReplaceAll(args, ",", " "))
	if len(words) == 0 {
		return nil, errors.New("which map? :maps lists them")
	}
	if len(words) == 1 && words[0] == "all" {
		return sortedKeys(live), nil
	}
	for i, w := range words {
		if !strings.HasPrefix(w, "@") {
			words[i] = "@" + w
		}
		if !live[words[i]] {
			return nil, fmt.Errorf("there is no map %s; :maps lists them", words[i])
		}
	}
	return words, nil
}

func (r *repl) cmdClear(_ context.Context, args string) error {
	names, err := r.mapArgs(args)
	for _, name := range names {
		err = errors.Join(err, r.ses.ClearMap(name))
	}
	return err
}

func (r *repl) cmdDrop(_ context.Context, args string) error {
	names, err := r.mapArgs(args)
	for _, name := range names {
		err = errors.Join(err, r.drop(name))
	}
	return err
}

func (r *repl) drop(name string) error {
	err := r.ses.DropMap(name)
	if !errors.Is(err, runtime.ErrMapInUse) {
		return err
	}
	users := r.ses.Users(name)
	var ids []string
	for _, n := range r.snapshot() {
		for _, u := range users {
			if u == n.group {
				ids = append(ids, fmt.Sprint(n.id))
			}
		}
	}
	return fmt.Errorf("the probes %s use the map %s; :stop them first", strings.Join(ids, ", "), name)
}

// cmdWatch shows maps again and again.
func (r *repl) cmdWatch(ctx context.Context, args string) error {
	every := time.Second
	words := strings.Fields(args)
	if n := len(words); n > 1 && words[n-1][0] >= '0' && words[n-1][0] <= '9' {
		d, err := parseTime(words[n-1])
		if err != nil {
			return err
		}
		every, words = d, words[:n-1]
	}
	names, err := r.mapArgs(strings.Join(words, " "))
	if err != nil {
		return err
	}
	for {
		if err := r.redraw(names, every); err != nil {
			return err
		}
		if err := sleep(ctx, every); err != nil {
			return endOfWatch(err)
		}
	}
}

// endOfWatch: Ctrl-C is how a watch is meant to end.
func endOfWatch(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// redraw shows maps on an empty screen, or below what was shown before where the screen cannot be emptied.
func (r *repl) redraw(names []string, every time.Duration) error {
	var ms []value.Map
	for _, name := range names {
		m, err := r.ses.Map(name)
		if err != nil {
			return err
		}
		ms = append(ms, m)
	}
	if r.screen != nil && !r.opts.Dumb {
		r.say("\x1b[H\x1b[2J")
	}
	r.say("%s  every %s; Ctrl-C ends\n", time.Now().Format(time.TimeOnly), every)
	r.ses.Print(func(p output.Printer) {
		for _, m := range ms {
			p.Map(m, 0, 0)
		}
	})
	return nil
}
