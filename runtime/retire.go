package runtime

import (
	"errors"
	"io"
)

// maxLate is how many detached links wait to be freed. Each keeps a descriptor open.
const maxLate = 1024

// retire stops links from firing; that done, programs no longer run for them. The kernel takes a grace period to free each tracepoint, so
// that is done in the background, unless too many wait for it already.
func (s *Session) retire(links []io.Closer) error {
	late, err := detachAll(links)
	late = apart(late)
	s.mu.Lock()
	if s.closed || len(s.late)+len(late) > maxLate {
		s.mu.Unlock()
		return errors.Join(err, closeAll(late))
	}
	defer s.mu.Unlock()
	s.late = append(s.late, late...)
	if !s.freeing && len(s.late) > 0 {
		s.freeing = true
		s.background.Go(s.freeLate)
	}
	return err
}

// apart takes links apart that consist of several.
func apart(links []io.Closer) []io.Closer {
	var out []io.Closer
	for _, l := range links {
		if b, ok := l.(interface{ Parts() []io.Closer }); ok {
			out = append(out, b.Parts()...)
		} else {
			out = append(out, l)
		}
	}
	return out
}

// freeLate frees detached links until there are none.
func (s *Session) freeLate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.late) > 0 {
		l := s.late[0]
		s.late = s.late[1:]
		s.mu.Unlock()
		err := l.Close()
		s.mu.Lock()
		if err != nil {
			s.fail(err)
		}
	}
	s.freeing = false
}
