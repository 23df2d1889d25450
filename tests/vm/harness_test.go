package vm_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

// The tier must not pass by accident: what goes wrong in a guest has to fail outside, with the reason.
func TestVMFailures(t *testing.T) {
	testenv.Asked(t, testenv.VM)
	t.Parallel()
	programs := findPrograms(t)
	kernels := findKernels(t)
	k := kernels[len(kernels)-1]
	cases := []struct {
		name    string
		run     []string
		timeout time.Duration
		bootErr []string // pieces of the error of the boot
		err     string   // a piece of the error of the case, if the boot succeeds
	}{
		{
			name:    "panic",
			run:     []string{"sh", "-c", "echo c > /proc/sysrq-trigger"},
			bootErr: []string{`kernel panic in case "panic"`, "Kernel panic - not syncing", "end of console"},
		},
		{
			name:    "hang",
			run:     []string{"sleep", "100"},
			timeout: 4 * time.Second,
			bootErr: []string{"not off after 4s", "ended early"},
		},
		{
			name: "slow case",
			run:  []string{"sh", "-c", "echo so far; sleep 100"},
			err:  "guest: took too long",
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := vm.Case{Case: wire.Case{Name: tc.name, Run: tc.run, Seconds: 2}}
			if tc.timeout != 0 {
				c.Seconds = 60
			}
			dir := t.TempDir()
			root := filepath.Join(dir, "root.cpio")
			require.NoError(t, vm.WriteRoot(root, programs, vm.Wire([]vm.Case{c})))
			report, err := vm.Boot(t.Context(), k, root, vm.BootOptions{Dir: dir, Timeout: tc.timeout})
			if tc.bootErr != nil {
				require.Error(t, err)
				for _, piece := range tc.bootErr {
					require.ErrorContains(t, err, piece)
				}
				require.NotContains(t, report.Results, tc.name)
				return
			}
			require.NoError(t, err)
			require.ErrorContains(t, c.Check(report.Results[tc.name]), tc.err)
		})
	}
}
