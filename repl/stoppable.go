package repl

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// stoppable writes in pieces until its context ends.
type stoppable struct {
	ctx context.Context
	w   io.Writer
}

// Write writes a text.
func (s stoppable) Write(b []byte) (int, error) {
	const piece = 16 << 10
	for n := 0; n < len(b); n += piece {
		if err := s.ctx.Err(); err != nil {
			return n, err
		}
		if _, err := s.w.Write(b[n:min(len(b), n+piece)]); err != nil {
			return n, err
		}
	}
	return len(b), nil
}

// sleep waits; the error is that of the context if it ends before.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// parseTime reads a time: "500ms", "2s", or a number of seconds.
func parseTime(text string) (time.Duration, error) {
	const most = 24 * time.Hour
	d, err := time.ParseDuration(text)
	if n, nerr := strconv.ParseFloat(text, 64); nerr == nil && n >= 0 && n <= most.Seconds() {
		d, err = time.Duration(n*float64(time.Second)), nil
	}
	if err != nil || d <= 0 || d > most {
		return 0, fmt.Errorf("%q is no time: write it as 2s or 500ms", text)
	}
	return d, nil
}

// size writes a number of bytes for people.
func size(n uint64) string {
	const unit = 1024
	f, i := float64(n), 0
	for f >= unit && i < 4 {
		f, i = f/unit, i+1
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") + [...]string{" B", " KiB", " MiB", " GiB", " TiB"}[i]
}
