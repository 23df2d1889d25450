package unwind

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRetry forgets the files that could not be read, and that they could not, but not those that were read with something wrong in them.
func TestRetry(t *testing.T) {
	p := NewProcesses()
	p.files["unread"], p.files["read"] = &file{}, &file{table: &Table{}}
	bad := errors.New("1 functions have information that makes no sense")
	failed := map[string]error{"unread": errors.New("no such file"), "read": bad}
	p.retry(failed)
	require.Equal(t, map[string]error{"read": bad}, failed)
	require.NotContains(t, p.files, "unread")
	require.Contains(t, p.files, "read")
}
