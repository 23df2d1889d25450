package host_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A Ctrl-C behind Enter ends what Enter has begun, however soon it comes: as a key while the terminal still gives keys, as a signal
// from then on.
func TestSessionInterruptAtOnce(t *testing.T) {
	c := talk(t)
	begin := time.Now()
	for i := range 16 {
		if i%2 == 0 {
			c.keys(":sleep 600\r" + ctrlC)
		} else {
			c.keys(":sleep 600\r")
			time.Sleep(time.Duration(i*i) * 70 * time.Microsecond)
			c.keys(ctrlC)
		}
		c.until(func(s string) bool { return strings.Count(s, "Interrupted.") == i+1 && atPrompt(s) })
	}
	require.Less(t, time.Since(begin), 600*time.Second)

	// As a terminal does, it takes away what was typed ahead of it. What follows it is an input of its own.
	c.keys(":sleep 600\rprint(111)\rprint(222)" + ctrlC + "print(333)\r")
	s := c.until(func(s string) bool { return strings.HasSuffix(s, "\n333\ngtrace>") })
	require.NotContains(t, s, "111")
	require.NotContains(t, s, "222")
	require.Equal(t, "7", c.enter("3 + 4"), "it ends nothing else")

	// Probes that an interrupted line would have begun do not run.
	c.keys("interval:s:1000 { }\r" + ctrlC)
	c.until(func(s string) bool { return strings.Count(s, "Interrupted.") == 18 && atPrompt(s) })
	require.Equal(t, "No probes run.", c.enter(":probes"))
	c.keys(ctrlD)
	require.Zero(t, c.leaves())
}

// Code that is wrong is to be edited, a command that cannot be done makes room for the next one.
func TestSessionFailedInputs(t *testing.T) {
	c := talk(t)
	require.Contains(t, c.enter(":pause 9"), "ERROR: there are no probes with the number 9")
	require.Equal(t, "3", c.enter("1 + 2"))
	c.keys("nosuch + 1\r")
	c.until(func(s string) bool {
		return strings.Contains(s, "Unknown identifier") && lastLine(s) == "gtrace> nosuch + 1"
	})
	c.keys(ctrlC)
	c.until(atPrompt)
	c.keys(ctrlD)
	require.Zero(t, c.leaves())
}
