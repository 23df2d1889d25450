package repl

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What an interrupt begins is over before what follows it: a screen that drops output would show nothing any more.
func TestOnCancelWaits(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	began, ran := make(chan struct{}), false
	interrupted := onCancel(ctx, func() {
		close(began)
		time.Sleep(20 * time.Millisecond)
		ran = true
	})
	cancel()
	<-began
	require.True(t, interrupted())
	require.True(t, ran)

	require.False(t, onCancel(context.Background(), func() { t.Error("nobody interrupts") })())
}
