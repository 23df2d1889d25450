package host_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

func mustWrite(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o755))
	return path
}

func TestScripts(t *testing.T) {
	const script = `BEGIN { printf("%d %s %d\n", $1 + 1, str($2), $#); }`
	t.Run("file", func(t *testing.T) {
		r := run(t, mustWrite(t, "a.gt", "// comment\n"+script), "41", "word")
		require.Equal(t, "42 word 2", strings.TrimSpace(r.stdout), r.stderr)
	})
	t.Run("standard input", func(t *testing.T) {
		cmd := command(t, "-", "1", "x", "y")
		cmd.Stdin = strings.NewReader(script)
		require.Equal(t, "2 x 3", strings.TrimSpace(launch(t, cmd).wait().stdout))
	})
	t.Run("program", func(t *testing.T) {
		require.Equal(t, "8 z 2", strings.TrimSpace(run(t, "-e", script, "7", "z").stdout))
	})
	t.Run("shebang", func(t *testing.T) {
		path := mustWrite(t, "b.gt", "#!/usr/bin/env gtrace\n"+script)
		dir := t.TempDir()
		require.NoError(t, os.Symlink(testenv.Gtrace(t), filepath.Join(dir, "gtrace")))
		cmd := command(t, "5", "arg")
		cmd.Path, cmd.Args[0] = path, path
		cmd.Env = append(cmd.Env, "PATH="+dir+":"+os.Getenv("PATH"))
		r := launch(t, cmd).wait()
		require.Equal(t, "6 arg 2", strings.TrimSpace(r.stdout), r.stderr)
	})
	t.Run("parameters in attach points", func(t *testing.T) {
		require.Equal(t, "x", strings.TrimSpace(run(t, "-e", `interval:ms:$1 { printf("x\n"); exit(); }`, "20").stdout))
	})
	t.Run("settings of the environment", func(t *testing.T) {
		cmd := command(t, "-e", `BEGIN { @[1] = 1; @[2] = 2; @[3] = 3; }`)
		cmd.Env = append(cmd.Env, "BPFTRACE_MAX_MAP_KEYS=1", "GTRACE_MAX_MAP_KEYS=2")
		r := launch(t, cmd).wait()
		require.Equal(t, 2, strings.Count(r.stdout, "@["), r.stdout)
	})
	t.Run("maps are not printed", func(t *testing.T) {
		require.Empty(t, ran(t, `config = { print_maps_on_exit = 0 } BEGIN { @ = 1; }`))
	})
}

func TestJSON(t *testing.T) {
	r := run(t, "-f", "json", "-e", `BEGIN {
		printf("a \"quote\", a\ttab, a \\ and %s\n", "text"); print("v"); print(5); @x = 5; @k[1, "b"] = 2; @h = hist(3); @l = lhist(3, 0, 10, 2);
		@s = stats(4); @a = avg(4); @c = count(); @str["k"] = "v"; @st = kstack; print(@x); print(@h); time("%H\n"); exit(3);
	}`)
	require.Equal(t, 3, r.code, r.stderr)
	require.Empty(t, r.stderr)
	kinds := map[string]int{}
	lines := bufio.NewScanner(strings.NewReader(r.stdout))
	for lines.Scan() {
		if lines.Text() == "" {
			continue
		}
		var v struct {
			Type string `json:"type"`
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &v), "%s", lines.Text())
		require.NotEmpty(t, v.Type, lines.Text())
		kinds[v.Type]++
	}
	for _, kind := range []string{"attached_probes", "printf", "value", "map", "hist", "stats", "time"} {
		require.Positive(t, kinds[kind], "%s in %v", kind, kinds)
	}
}

func TestOutputFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	r := run(t, "-o", path, "-e", `BEGIN { printf("hi\n"); @ = 3; }`)
	require.Zero(t, r.code, r.stderr)
	require.Empty(t, r.stdout)
	require.Equal(t, "hi\n\n\n@: 3\n", mustRead(t, path))
}

func TestFullDisk(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		r := run(t, "-f", format, "-o", "/dev/full", "-e", `BEGIN { printf("hi\n"); }`)
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, "no space left on device")
		require.NotContains(t, r.stderr, "panic")
	}
}

func TestQuietAndVerbose(t *testing.T) {
	require.Empty(t, run(t, "-q", "-e", `BEGIN { printf("hi\n"); }`).stderr)
	require.Equal(t, "Attached 1 probe\n", run(t, "-e", `BEGIN { printf("hi\n"); }`).stderr)
	r := run(t, "-v", "-e", `BEGIN { printf("hi\n"); }`)
	require.Zero(t, r.code)
	require.Contains(t, r.stderr, "Attached 1 probe\n")
}

func TestDryRun(t *testing.T) {
	w := testenv.NewWorker(t)
	r := run(t, "--dry-run", "-e", fmt.Sprintf(`tracepoint:syscalls:sys_enter_getppid /tid == %d/ { @ = count(); } interval:s:60 { @i++; }`, w.TID()))
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "Attached 2 probes\n", r.stderr)
	require.Empty(t, strings.TrimSpace(r.stdout))
}

func TestStages(t *testing.T) {
	const program = `BEGIN { @[pid] = count(); }`
	for stage, want := range map[string]string{
		"ast": "MapExpr @", "types": "map @[", "ir": "func gt_0", "opt": "func gt_0", "asm": "exit", "verifier": "processed",
	} {
		r := run(t, "-d", stage, "-e", program)
		require.Zero(t, r.code, r.stderr)
		require.Contains(t, r.stdout, want, stage)
		require.Contains(t, r.stdout, "\n"+stage+"\n")
	}
	r := run(t, "-d", "all", "-e", program)
	for _, stage := range []string{"ast", "types", "ir", "opt", "asm", "verifier"} {
		require.Contains(t, r.stdout, "\n"+stage+"\n")
	}
}

func TestList(t *testing.T) {
	testenv.Tracefs(t)
	tests := []struct {
		name string
		args []string
		want []string // lines
	}{
		{"exact", []string{"tracepoint:syscalls:sys_enter_getppid"}, []string{"tracepoint:syscalls:sys_enter_getppid"}},
		{"wildcard", []string{"tracepoint:syscalls:sys_e*_getppid"}, []string{"tracepoint:syscalls:sys_enter_getppid", "tracepoint:syscalls:sys_exit_getppid"}},
		{"short name", []string{"t:syscalls:sys_enter_getppid"}, []string{"tracepoint:syscalls:sys_enter_getppid"}},
		{"any type", []string{"*sys_enter_getppid"}, []string{"tracepoint:syscalls:sys_enter_getppid"}},
		{"arguments", []string{"-v", "tracepoint:syscalls:sys_enter_openat"}, []string{
			"tracepoint:syscalls:sys_enter_openat", "    int __syscall_nr", "    int dfd", "    const char * filename", "    int flags", "    umode_t mode",
		}},
		{"functions of a program", []string{"uprobe:TARGET:gtrace_*"}, []string{"uprobe:TARGET:gtrace_target", "uprobe:TARGET:gtrace_text"}},
		{"probes of a script", []string{"-e", "tracepoint:syscalls:sys_e*_getppid { @ = count(); }"}, []string{
			"tracepoint:syscalls:sys_enter_getppid", "tracepoint:syscalls:sys_exit_getppid",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := []string{"-l"}
			for _, a := range test.args {
				args = append(args, strings.ReplaceAll(a, "TARGET", targetPath(t)))
			}
			r := run(t, args...)
			require.Zero(t, r.code, r.stderr)
			require.Equal(t, strings.ReplaceAll(strings.Join(test.want, "\n"), "TARGET", targetPath(t)), strings.TrimSpace(r.stdout))
		})
	}
	t.Run("everything, sorted and once", func(t *testing.T) {
		r := run(t, "-l", "tracepoint:sched:*")
		lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
		require.True(t, slices.IsSorted(lines))
		require.Len(t, slices.Compact(slices.Clone(lines)), len(lines))
		require.Contains(t, lines, "tracepoint:sched:sched_switch")
	})
}

func TestInfo(t *testing.T) {
	r := run(t, "--info")
	require.Zero(t, r.code, r.stderr)
	for _, text := range []string{"System\n", "Build\n", "Kernel features\n", "Probe types\n", "BPF ring buffer"} {
		require.Contains(t, r.stdout, text)
	}
	require.NotContains(t, r.stdout, "unknown (")
	_, rows, _ := strings.Cut(r.stdout, "Kernel features\n")
	for _, row := range strings.Split(strings.TrimSpace(rows), "\n") {
		if strings.HasPrefix(row, "  ") {
			require.Regexp(t, `^  \S.{44} \S`, row, "the words stand below each other")
		}
	}
}

func TestLimitsOfTheKernelAreExplained(t *testing.T) {
	var many strings.Builder
	for i := range 70 {
		fmt.Fprintf(&many, "@a%d[1] = %d; ", i, i)
	}
	r := run(t, "-e", "BEGIN { "+many.String()+"}")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "use fewer, or one map with a key")

	r = run(t, "-e", "config = { max_map_keys = 1000000000 } BEGIN { @x[1] = 1; }")
	require.Equal(t, 1, r.code)
	require.Equal(t, "ERROR: make map @x of 1000000000 entries (config max_map_keys sets their number): the kernel allows less (argument list too long)\n", r.stderr)

	r = run(t, "-e", strings.Repeat("interval:s:1 { @ = 1; } ", 1030))
	require.Equal(t, 1, r.code)
	require.Equal(t, 1, strings.Count(r.stderr, "ERROR"), r.stderr)
	require.Contains(t, r.stderr, "GTRACE_MAX_PROBES")

	r = run(t, "-e", "config = { max_bpf_progs = 9 } tracepoint:syscalls:sys_enter_* { @[probe] = count(); }")
	require.Equal(t, 1, r.code)
	require.Equal(t, 1, strings.Count(r.stderr, "ERROR"), r.stderr)
	require.Contains(t, r.stderr, "GTRACE_MAX_BPF_PROGS")
}
