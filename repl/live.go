package repl

import (
	"fmt"

	"github.com/gtrace/gtrace/lang/types"
)

// Live is what a completer may ask of a session. It may be asked from any goroutine.
type Live interface {
	// Maps returns the names of the live maps, sorted; MapType the type of one's values and keys, nil for a scalar map.
	Maps() []string
	MapType(name string) (value, key types.Type, ok bool)
	// Groups returns the numbers of the probes that run.
	Groups() []string
	// Definitions returns the definitions that stay.
	Definitions() []Definition
	// Commands returns the commands.
	Commands() []Command
}

// live is a session as completers see it.
type live struct{ r *repl }

func (l live) Maps() []string {
	if l.r.ses == nil {
		return nil
	}
	return l.r.ses.Maps()
}

func (l live) MapType(name string) (value, key types.Type, ok bool) {
	if l.r.ses == nil {
		return nil, nil, false
	}
	return l.r.ses.TypeOf(name)
}

func (l live) Groups() []string {
	var out []string
	for _, n := range l.r.snapshot() {
		out = append(out, fmt.Sprint(n.id))
	}
	return out
}

func (l live) Definitions() []Definition { return l.r.definitions() }

func (l live) Commands() []Command { return Commands() }
