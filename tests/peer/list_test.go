package peer_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// padding is how bpftrace shows the gaps between members, which gtrace leaves out.
var padding = regexp.MustCompile(`(?m)^\t+(long|int|short|char): \d+;\n`)

// TestListPeer compares listings of types and of the arguments of probes.
func TestListPeer(t *testing.T) {
	testenv.Asked(t, testenv.Peer)
	testenv.Privileged(t)
	tracer, gtrace := testenv.Bpftrace(t), testenv.Gtrace(t)
	for _, args := range [][]string{
		{"-l", "struct task_str*"},
		{"-l", "union sig*"},
		{"-l", "enum pid*"},
		{"-lv", "struct list_head"},
		{"-lv", "struct path"},
		{"-lv", "struct file_operations"},
		{"-lv", "struct task_struct"},
		{"-lv", "struct sk_buff"},
		{"-lv", "struct sock_common"},
		{"-lv", "struct bpf_array"},
		{"-lv", "struct btrfs_raid_attr"},
		{"-lv", "struct kobject"},
		{"-lv", "struct xdp_*"},
		{"-lv", "union sigval"},
		{"-lv", "enum pid_type"},
		{"-lv", "struct no_such_struct"},
		{"-lv", "tracepoint:sched:sched_sw*"},
		{"-lv", "tracepoint:syscalls:sys_enter_openat*"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			want, err := exec.Command(tracer[0], append(tracer[1:len(tracer):len(tracer)], args...)...).Output()
			require.NoError(t, err)
			got, err := exec.Command(gtrace, args...).Output()
			require.NoError(t, err)
			require.Equal(t, padding.ReplaceAllString(string(want), ""), string(got))
		})
	}
}
