package host_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// seenExec prints what happens to the command of -c as it begins.
const seenExec = `
	tracepoint:syscalls:sys_enter_execve /pid == cpid/ { printf("enter %s %s\n", str(args.filename, 200), comm); }
	tracepoint:sched:sched_process_exec /pid == cpid/ { printf("exec %s %s\n", str(args.filename, 200), comm); }
	tracepoint:syscalls:sys_exit_execve /pid == cpid/ { printf("exit %d\n", args.ret); }`

func mustLookPath(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	require.NoError(t, err)
	return path
}

// TestExecOfCommand has the command of -c seen to begin, whatever kind of program it is.
func TestExecOfCommand(t *testing.T) {
	testenv.Privileged(t)
	script := mustWrite(t, "gt_program", "#!/bin/sh -e\n:\n")
	static := testenv.NoFramePointers(t, "-static")
	tests := []struct{ name, command, path string }{
		{"dynamic", mustLookPath(t, "true"), mustLookPath(t, "true")},
		{"by its name", "true a", mustLookPath(t, "true")},
		{"script", script + " a", script},
		{"static", static + " call 1", static},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := run(t, "-c", test.command, "-e", seenExec)
			require.Zero(t, r.code, r.stderr)
			require.NotContains(t, r.stderr, "WARNING")
			name, mine := filepath.Base(test.path), filepath.Base(testenv.Gtrace(t))
			require.Equal(t, "enter "+test.path+" "+mine+"\nexec "+test.path+" "+name+"\nexit 0", strings.TrimSpace(r.stdout))
		})
	}
}

// narrowProgram is a program of 32 bits for Linux on x86 that calls getppid (64) twice and ends with 0.
const narrowProgram = "\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x03\x00\x01\x00\x00\x00\x54\x80\x04\x08\x34\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x34\x00\x20\x00\x01\x00\x00\x00\x00\x00\x00\x00" + // one segment, no sections
	"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x80\x04\x08\x00\x80\x04\x08\x00\x01\x00\x00\x00\x01\x00\x00\x05\x00\x00\x00\x00\x10\x00\x00" +
	"\xb8\x40\x00\x00\x00\xcd\x80" + "\xb8\x40\x00\x00\x00\xcd\x80" + // mov eax, 64; int 0x80
	"\xb8\x01\x00\x00\x00\x31\xdb\xcd\x80" // mov eax, 1; xor ebx, ebx; int 0x80

func TestExecOfNarrowCommand(t *testing.T) {
	testenv.Privileged(t)
	if runtime.GOARCH != "amd64" {
		testenv.Skip(t, testenv.Host, "needs x86-64")
	}
	path := mustWrite(t, "gt_program", narrowProgram+strings.Repeat("\x00", 256))
	if err := exec.Command(path).Run(); errors.Is(err, syscall.ENOEXEC) {
		testenv.Skip(t, testenv.Host, "needs a kernel that runs programs of 32 bits")
	}
	r := run(t, "-c", path+" a", "-e", `
		tracepoint:syscalls:sys_enter_execve /pid == cpid/ { printf("enter %s %s\n", str(args.argv[0], 200), str(args.argv[1])); }
		tracepoint:sched:sched_process_exec /pid == cpid/ { printf("exec %s\n", comm); }
		rawtracepoint:sys_enter /pid == cpid && args.id == 64/ { @ = count(); }`)
	require.Equal(t, "enter "+path+" a\nexec gt_program\n\n\n@: 2", strings.TrimSpace(r.stdout), r.stderr)
	require.NotContains(t, r.stderr, "WARNING")
}

func TestWordsOfCommand(t *testing.T) {
	script := mustWrite(t, "gt_program", "#!/bin/sh -e\necho \"$0|$1|$2|$3|$#|$GT_WORD\"\n")
	t.Setenv("GT_WORD", "of the environment")
	long := strings.Repeat("x", 100_000)
	many := strings.Repeat(" y", 20_000)
	for _, test := range []struct{ words, want string }{
		{" a 'b c'", "a|b c||2"},
		{` a "" d`, "a||d|3"},
		{" a " + long, "a|" + long + "||2"},
		{" a b c" + many, "a|b|c|20003"}, // their addresses take more than the kernel has mapped below the stack of a new program
	} {
		r := run(t, "-c", script+test.words, "-e", "tracepoint:sched:sched_process_exec /pid == cpid/ { @ = count(); }")
		require.Equal(t, script+"|"+test.want+"|of the environment\n\n\n@: 1\n", r.stdout, r.stderr)
	}
}

// TestInheritance compares what the command of -c gets from gtrace with what it gets without. Of the signals that are ignored, programs in Go leave
// only the hang-up alone.
func TestInheritance(t *testing.T) {
	testenv.Privileged(t)
	script := mustWrite(t, "gt_program", `#!/bin/sh
grep -E '^(Sig(Blk|Cgt)|Cap...|NoNewPrivs|Seccomp|Uid|Gid|Groups|TracerPid)' /proc/self/status
echo ignored $((0x$(sed -n 's/^SigIgn:.//p' /proc/self/status) & 1))
ls /proc/self/fd | wc -l
pwd; umask; ulimit -a; env | grep -v '^_=' | sort
exec 3<&0; cat <&3
`)
	t.Setenv("GTRACE_COLOR", "never")
	const ignoring = `trap '' HUP; exec "$@"`
	direct := exec.Command("sh", "-c", ignoring, "sh", script)
	direct.Stdin = strings.NewReader("input\n")
	want, err := direct.CombinedOutput()
	require.NoError(t, err)
	require.Contains(t, string(want), "ignored 1\n")
	cmd := exec.Command("sh", "-c", ignoring, "sh", testenv.Gtrace(t), "-q", "-c", script, "-e", "tracepoint:sched:sched_process_exec /pid == cpid/ { }")
	cmd.Stdin = strings.NewReader("input\n")
	r := launch(t, cmd).wait()
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, strings.TrimSpace(string(want)), strings.TrimSpace(r.stdout))
}

// TestCommandWithRightsOfOthers has probes of a process whose program has a user of its own: the kernel detaches them when it makes its exec.
func TestCommandWithRightsOfOthers(t *testing.T) {
	const nobody = 65534
	data, err := os.ReadFile(targetPath(t))
	require.NoError(t, err)
	path := mustWrite(t, "gt_program", string(data))
	for dir := filepath.Dir(path); dir != os.TempDir() && len(dir) > 1; dir = filepath.Dir(dir) {
		require.NoError(t, os.Chmod(dir, 0o755))
	}
	require.NoError(t, os.Chown(path, nobody, nobody))
	require.NoError(t, os.Chmod(path, 0o755|os.ModeSetuid))
	var fs syscall.Statfs_t
	require.NoError(t, syscall.Statfs(path, &fs))
	if fs.Flags&syscall.MS_NOSUID != 0 {
		testenv.Skip(t, testenv.Host, "needs a file system for temporary files on which programs can have the rights of others")
	}
	r := run(t, "-c", path+" call 10 1", "-e", "uprobe:"+path+":gtrace_target { @[uid] = count(); }")
	require.Equal(t, "@[0]: 10", strings.TrimSpace(r.stdout), r.stderr)
	require.Contains(t, r.stderr, "WARNING: -c "+path+": probes do not see its exec: it has the rights of others")
	r = run(t, "-c", path+" getppid 3", "-e", "tracepoint:sched:sched_process_exec /pid == cpid/ { @exec = count(); } tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { @ = count(); }")
	require.Equal(t, "@: 3\n@exec: 1", strings.TrimSpace(r.stdout), r.stderr)
	require.NotContains(t, r.stderr, "WARNING")
}
