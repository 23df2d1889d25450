package host_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

const (
	stable = `config = { unstable_dw_ustack = enable } `
	// walked are the functions of the program without frame pointers that are on every stack.
	walked = "walk_6 walk_5 walk_4 walk_3 walk_2 walk_1"
)

// unwinding skips the test where stacks are not walked by call frame information.
func unwinding(t *testing.T) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		testenv.Skip(t, testenv.Host, "needs x86-64")
	}
}

// functions returns the names of the functions in a stack as it is printed, "?" for addresses without a name.
func functions(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, _, ok := strings.Cut(line, "+"); ok {
			out = append(out, name)
		} else if strings.HasPrefix(line, "0x") {
			out = append(out, "?")
		} else if strings.HasPrefix(line, "<") {
			out = append(out, line)
		}
	}
	return out
}

// TestUnwind walks the stacks of a program without frame pointers. The names of functions that the C library keeps to itself may be unknown.
func TestUnwind(t *testing.T) {
	unwinding(t)
	const libc = ` (\?|__libc_start_call_main) __libc_start_main\S* _start`
	for _, test := range []struct {
		name, work string
		want       string // a regular expression for what has called walk_1
	}{
		{"calls", "call 3", "main" + libc},
		{"through a function of the C library", "sort 3", `compare( \S+)* sort main` + libc},
		{"through a signal", "signal 3", `handler( \S+)+ signalled main` + libc},
		{"thread", "thread 3", `thread( \S+)+`},
		{"library that is loaded later", "LIBRARY 3", `inner through_library library main` + libc},
		{"code with frame pointers of which nothing is known", "framed 3", `\? generated main` + libc},
		{"code of which nothing is known", "frameless 3", `\? <unwind failure>`},
	} {
		for _, kind := range []string{"-no-pie", "-pie"} {
			t.Run(test.name+" "+kind, func(t *testing.T) {
				path := testenv.NoFramePointers(t, kind, "-fPIE", "-ldl", "-lpthread")
				work := test.work
				if strings.HasPrefix(work, "LIBRARY") {
					work = strings.Replace(work, "LIBRARY", testenv.NoFramePointersLibrary(t), 1)
				}
				r := run(t, "-c", path+" "+work, "-e", stable+"uprobe:"+path+":walk_6 { @[dw_ustack] = count(); @kernel[ustack] = count(); }")
				require.Zero(t, r.code, r.stderr)
				mine, kernels := r.stdout[:strings.Index(r.stdout, "@kernel[")], r.stdout[strings.Index(r.stdout, "@kernel["):]
				chain := regexp.MustCompile("^" + walked + " " + test.want + "$")
				require.Regexp(t, chain, strings.Join(functions(mine[:strings.Index(mine, "]")]), " "), r.stdout)
				require.NotRegexp(t, chain, strings.Join(functions(kernels[:strings.Index(kernels, "]")]), " "), "without frame pointers, the kernel cannot know")
				if strings.Contains(test.want, "failure") {
					require.Contains(t, r.stderr, "Incomplete user stacks: 3 end in code without call frame information")
					return
				}
				require.Contains(t, mine, "]: 3\n")
				require.NotContains(t, r.stderr, "Incomplete")
			})
		}
	}
}

func TestUnwindSamples(t *testing.T) {
	unwinding(t)
	path := testenv.NoFramePointers(t, "-static")
	cmd := exec.Command(path, "spin", "60")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	pid := fmt.Sprint(cmd.Process.Pid)
	for _, args := range [][]string{{"-p", pid}, {"--dwarf-pid", pid}, {"-p", pid, "--dwarf-pid", pid}} {
		t.Run(strings.Join(args[:len(args)-1], " "), func(t *testing.T) {
			script := stable + `profile:hz:499 /pid == ` + pid + `/ { @[dw_ustack(perf)] = count(); @n++; } interval:ms:10 /@n > 50/ { exit(); }`
			r := run(t, append(args, "-e", script)...)
			require.Zero(t, r.code, r.stderr)
			require.NotContains(t, r.stderr, "Incomplete")
			require.Regexp(t, `(?s)@\[\n\t[0-9a-f]+ walk_6\+\d+ \(`+path+`\)\n\t[0-9a-f]+ walk_5\+\d+ .*walk_4\+.*walk_3\+.*walk_2\+.*walk_1\+.*main\+.*_start\+\d+ \(`, r.stdout)
		})
	}
}

// TestUnwindOfChildren walks the stacks of a program that a program starts while it is traced.
func TestUnwindOfChildren(t *testing.T) {
	unwinding(t)
	pid, name, begin := parent(t)
	s := start(t, "--dwarf-pid", pid, "-e", stable+
		`profile:hz:499 /comm == "`+name+`"/ { if (len(dw_ustack) > 7) { @[dw_ustack] = count(); @n++; } if (@n > 100) { exit(); } }`)
	begin()
	r := s.wait()
	require.Zero(t, r.code, r.stderr)
	require.Regexp(t, walked+" spin main ", strings.Join(functions(r.stdout), " "), r.stdout)
}

// A session walks them, too.
func TestUnwindOfChildrenInASession(t *testing.T) {
	unwinding(t)
	pid, name, begin := parent(t)
	d := converse(t, "-q", "--dwarf-pid", pid)
	d.do(`@first = ustack`, // the first script that keeps addresses walks nothing
		stable+`profile:hz:499 /comm == "`+name+`"/ { if (len(dw_ustack) > 7) { @ = dw_ustack; } }`)
	begin()
	require.Eventually(t, func() bool {
		return strings.Contains(strings.Join(functions(d.ask("print(@)")), " "), walked+" spin main ")
	}, patience, 100*time.Millisecond)
	r := d.end()
	require.Zero(t, r.code, r.stderr)
}

// parent starts a process that waits until it is to start a program without frame pointers, and returns what the kernel calls that.
func parent(t *testing.T) (pid, name string, begin func()) {
	t.Helper()
	path := testenv.NoFramePointers(t, "-pie", "-fPIE", "-ldl", "-lpthread")
	shell := exec.Command("sh", "-c", "read go; "+path+" spin 60 & wait")
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := shell.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, shell.Start())
	t.Cleanup(func() { _, _ = syscall.Kill(-shell.Process.Pid, syscall.SIGKILL), shell.Wait() })
	name = filepath.Base(path)
	return fmt.Sprint(shell.Process.Pid), name[:min(15, len(name))], func() {
		_, err := in.Write([]byte("go\n"))
		require.NoError(t, err)
	}
}

// TestUnwindTracepoint walks from where a program has entered the kernel.
func TestUnwindTracepoint(t *testing.T) {
	unwinding(t)
	path := testenv.NoFramePointers(t, "-static")
	r := run(t, "-c", path+" call 4", "-e", stable+`tracepoint:syscalls:sys_enter_getpgid /pid == cpid/ { @[dw_ustack(9)] = count(); @n[len(dw_ustack(9)), len(dw_ustack(3))] = count(); }
		rawtracepoint:sys_enter /pid == cpid && args.id == 121/ { @raw[dw_ustack(build_id, 2)] = count(); }`)
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "syscall "+walked+" main", strings.Join(functions(r.stdout[:strings.Index(r.stdout, "]")])[:8], " "), r.stdout)
	require.Contains(t, r.stdout, "@n[9, 3]: 4\n")
	require.Regexp(t, `@raw\[\n[0-9a-f]{40} 0x[0-9a-f]+\n[0-9a-f]{40} 0x[0-9a-f]+\n\]: 4\n`, r.stdout)
}

func TestUnwindRefusals(t *testing.T) {
	unwinding(t)
	for _, test := range []struct {
		name string
		args []string
		want string
		code int
	}{
		{"no process", []string{"-e", stable + `begin { print(dw_ustack); }`}, "ERROR: dw_ustack requires a target process. Use -p, -c, or --dwarf-pid to specify one.\n", 255},
		{"no such process", []string{"--dwarf-pid", "4194304", "-e", stable + `begin { print(dw_ustack); }`}, "ERROR: --dwarf-pid 4194304: there is no such process\n", 1},
		{"no number", []string{"--dwarf-pid", "x", "-e", `begin { }`}, "ERROR: --dwarf-pid x: a process id is a positive number\n", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := run(t, test.args...)
			require.Equal(t, test.code, r.code)
			require.Equal(t, test.want, r.stderr)
		})
	}
	t.Run("a process that nothing is known of", func(t *testing.T) {
		r := run(t, "--dwarf-pid", "1", "-e", stable+`begin { print(dw_ustack); print(len(dw_ustack)); exit(); }`)
		require.Zero(t, r.code)
		require.Equal(t, "\n\n0\n\n\n", r.stdout)
		require.Equal(t, 2, strings.Count(r.stderr, "WARNING: No DWARF unwind data available for this process."), r.stderr)
	})
}
