package vm

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/vm/wire"
)

func TestReportRead(t *testing.T) {
	const begin = `{"release":"6.1.0"}` + "\n" + `{"start":"a"}` + "\n"
	const result = `{"result":{"name":"a","stdout":"x\n","stderr":"","exit":2,"attach_millis":0,"total_millis":7}}` + "\n"
	tests := []struct {
		name, console, lines string
		err                  string
		done                 bool // case a has a result
	}{
		{"whole", "", begin + result + `{"done":true}` + "\n", "", true},
		{"cut in a case", "", begin, `ended early in case "a"`, false},
		{"cut in a line", "", begin + result[:30], `ended early in case "a"`, false},
		{"cut after a case", "", begin + result, "ended early, 1 cases done", true},
		{"panic", "a\nKernel panic - not syncing: x\r\nregisters", begin, `kernel panic in case "a": Kernel panic - not syncing: x`, false},
		{"fatal", "", begin + result + `{"fatal":"no cases"}`, "guest gave up: no cases", true},
		{"nothing", "", "", "ended early, 0 cases done", false},
		{"noise", "", "boot noise", "read messages", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Report{Console: tt.console, Results: make(map[string]wire.Result)}
			err := r.read(strings.NewReader(tt.lines))
			if tt.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tt.err)
			}
			if tt.done {
				require.Equal(t, wire.Result{Name: "a", Stdout: "x\n", Exit: 2, TotalMillis: 7}, r.Results["a"])
			} else {
				require.Empty(t, r.Results)
			}
		})
	}
}
