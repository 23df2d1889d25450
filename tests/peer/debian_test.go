package peer_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

var hooksKernel = regexp.MustCompile(`(?m)^(kprobe|kretprobe):`)

// lacking says what the machine may lack for one of Debian's scripts, or the script itself: bpftrace 0.27 says the same then.
var lacking = map[string]string{
	"bookworm/runqlen.bt":        "does not contain a field named 'nr_running'", // renamed in Linux 6.14
	"sid/runqlen.bt":             "does not contain a field named 'nr_queued'",
	"bookworm/loads.bt":          "Failed to resolve kernel symbol: avenrun", // a kernel without symbols of data
	"sid/loads.bt":               "Failed to resolve kernel symbol: avenrun",
	"bookworm/tcpdrop.bt":        "Undefined or undeclared variable: $saddr", // blocks did not have variables of their own
	"bookworm/ssllatency.bt":     "uprobe",                                   // functions of a library of its time
	"bookworm/sslsnoop.bt":       "uprobe",
	"sid/ssllatency.bt":          "uprobe",
	"sid/sslsnoop.bt":            "uprobe",
	"bookworm/threadsnoop.bt":    "uprobe",
	"sid/threadsnoop.bt":         "uprobe",
	"bookworm/bashreadline.bt":   "uretprobe",
	"sid/bashreadline.bt":        "uretprobe",
	"bookworm/gethostlatency.bt": "uprobe",
	"sid/gethostlatency.bt":      "uprobe",
	"sid/biolatency.bt":          "No matches for tracepoint block:block_io_start.", // Linux 6.5
	"sid/biosnoop.bt":            "No matches for tracepoint block:block_io_start.",
	"sid/biostacks.bt":           "No matches for tracepoint block:block_io_start.",
}

// TestDebianScripts checks, compiles, loads and attaches the scripts of Debian's bpftrace packages. Those with kprobes run in the vm
// tier, too; a kernel without them has to be named as the reason.
func TestDebianScripts(t *testing.T) {
	testenv.Asked(t, testenv.Peer)
	testenv.Privileged(t)
	testenv.Tracefs(t)
	cmd := exec.Command("../../scripts/debian-scripts")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		testenv.Skip(t, testenv.Peer, "scripts/debian-scripts: "+err.Error())
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "*", "*.bt"))
	require.NoError(t, err)
	require.Greater(t, len(files), 70)
	gtrace := testenv.Gtrace(t)
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file)) + "/" + filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			out, err := exec.Command(gtrace, "--dry-run", file).CombinedOutput()
			if hooksKernel.Match(text) && !testenv.HasKprobes() {
				require.Error(t, err)
				require.Contains(t, string(out), "needs a kernel with kprobes (CONFIG_KPROBE_EVENTS), which this one does not have")
				return
			}
			if err == nil {
				return
			}
			require.NotEmpty(t, lacking[name], "%v\n%s", err, out)
			require.Contains(t, string(out), lacking[name])
			require.NotContains(t, string(out), "not supported")
			require.NotContains(t, string(out), "bug in gtrace")
		})
	}
}
