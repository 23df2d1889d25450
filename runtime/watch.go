package runtime

import "io"

// providerWatchpoint is the provider of the probes that unwatch can take away.
const providerWatchpoint = "watchpoint"

// watch is the link of a watchpoint.
type watch struct {
	link    io.Closer // nil once it is closed
	address uint64
}

// Close detaches the watchpoint, unless that is done.
func (w *watch) Close() error {
	if w.link == nil {
		return nil
	}
	l := w.link
	w.link = nil
	return l.Close()
}

// unwatch takes the watchpoints of an address away, in all groups. A group that is paused and resumed has them again. s.mu is held.
func (s *Session) unwatch(address uint64) error {
	var gone []io.Closer
	for _, g := range s.groups {
		for _, l := range g.links {
			if w, ok := l.(*watch); ok && w.address == address {
				gone = append(gone, w) // it stays in g.links, as a group without links is paused
			}
		}
	}
	return closeAll(gone)
}
