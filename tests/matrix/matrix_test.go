package matrix_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/matrix"
	"github.com/gtrace/gtrace/tests/testenv"
)

var (
	briefly    = flag.Bool("briefly", false, "try forms without rules in one probe type of each kind of program only")
	everywhere = flag.Bool("everywhere", false, "the kernel must have all probe types")
)

// Every form loads in every probe type, or is refused for the reason that the table gives.
func TestForms(t *testing.T) {
	testenv.Privileged(t)
	testenv.Tracefs(t)
	all, err := matrix.Read("testdata/forms.txt")
	require.NoError(t, err)
	kernel, gtrace := thisKernel(t), newGtrace(t)
	for _, p := range matrix.Points {
		t.Run(p.Type, func(t *testing.T) {
			if !*everywhere && gtrace.lacks(t, p) {
				return
			}
			forms := p.For(all)
			if *briefly && !p.Central {
				forms = matrix.Special(forms)
			}
			var load, refuse []matrix.Form
			for _, f := range forms {
				if f.Want(p.Type, kernel).Refused == "" {
					load = append(load, f)
				} else {
					refuse = append(refuse, f)
				}
			}
			got := gtrace.refused(t, p, load)
			for _, f := range load {
				assert.Empty(t, got[f.Line], "%s in %s probes is refused", f.Text, p.Type)
			}
			got = gtrace.refused(t, p, refuse)
			for _, f := range refuse {
				requireRefusal(t, matrix.Try{Point: p, Form: f}, kernel, got[f.Line])
			}
		})
	}
}

// One script has forms in all probe types: all of them in one type, in the others those that have all words of the table. Each that this
// kernel can run is loaded and attached, and each that it can not is refused for want of what the table says.
func TestTogether(t *testing.T) {
	testenv.Privileged(t)
	testenv.Tracefs(t)
	all, err := matrix.Read("testdata/forms.txt")
	require.NoError(t, err)
	kernel, gtrace := thisKernel(t), newGtrace(t)
	gtrace.write = matrix.Together
	var load, refuse []matrix.Try
	for i, p := range matrix.Points {
		if !*everywhere && gtrace.lacks(t, p) {
			continue
		}
		forms := p.For(all)
		if i > 0 {
			forms = matrix.Words(forms)
		}
		for _, try := range p.In(forms) {
			switch {
			case try.Form.Language(p.Type).Refused != "": // whatever the kernel: TestForms
			case try.Form.Want(p.Type, kernel).Refused == "":
				load = append(load, try)
			default:
				refuse = append(refuse, try)
			}
		}
	}
	for i, message := range gtrace.against(t, load) {
		assert.Empty(t, message, "%s in %s probes is refused", load[i].Form.Text, load[i].Point.Type)
	}
	for i, message := range gtrace.against(t, refuse) {
		requireRefusal(t, refuse[i], kernel, message)
	}
}

func requireRefusal(t *testing.T, try matrix.Try, kernel matrix.Kernel, message string) {
	t.Helper()
	want := try.Form.Want(try.Point.Type, kernel)
	if message == "" && want.Either {
		return
	}
	assert.Regexp(t, regexp.MustCompile(want.Refused), message, "the refusal of %s in %s probes", try.Form.Text, try.Point.Type)
}

func thisKernel(t *testing.T) matrix.Kernel {
	t.Helper()
	return matrix.Kernel{Version: testenv.Running(t), Data: hasSymbol(t, "runqueues")}
}

func newGtrace(t *testing.T) tracer {
	t.Helper()
	return tracer{
		argv:    []string{testenv.Gtrace(t), "--unsafe", "--no-warnings", "--dry-run"},
		replace: placeholders(t), script: filepath.Join(t.TempDir(), "forms.gt"), write: matrix.Script,
	}
}

// bpftrace takes the same forms. Of most probe types it is asked only about the forms that have rules, since it takes its time.
func TestFormsPeer(t *testing.T) {
	testenv.Asked(t, testenv.Peer)
	testenv.Privileged(t)
	all, err := matrix.Read("testdata/forms.txt")
	require.NoError(t, err)
	data := hasSymbol(t, "runqueues")
	all = slices.DeleteFunc(all, func(f matrix.Form) bool { return f.Silent() || !data && f.NeedsData() })
	traceable := filepath.Join(t.TempDir(), "functions")
	require.NoError(t, os.WriteFile(traceable, []byte("vfs_fallocate\ntcp_close\n__x64_sys_getpgid\n__x64_sys_reboot\n"), 0o644))
	replace, command := placeholders(t), append(testenv.Bpftrace(t), "--unsafe", "--dry-run")
	for _, p := range matrix.Points {
		t.Run(p.Type, func(t *testing.T) {
			bpftrace := tracer{argv: command, replace: replace, taken: beyondTheScript, script: filepath.Join(t.TempDir(), "forms.bt"), write: matrix.Script}
			if p.Kernel {
				bpftrace.argv = append(slices.Clone(command), "--traceable-functions", traceable)
			}
			forms := p.For(all)
			if !p.Central {
				forms = matrix.Special(forms)
			}
			if text, taken := bpftrace.run(t, p.In([]matrix.Form{{Text: "1"}})); !taken {
				require.Contains(t, text, "does not support loading an iterator program", "bpftrace has no such probes")
				return
			}
			var take, refuse []matrix.Form
			for _, f := range forms {
				if f.PeerRefuses(p.Type) {
					refuse = append(refuse, f)
				} else {
					take = append(take, f)
				}
			}
			got := bpftrace.refused(t, p, take)
			for _, f := range take {
				assert.Empty(t, got[f.Line], "%s in %s probes is refused", f.Text, p.Type)
			}
			got = bpftrace.refused(t, p, refuse)
			for _, f := range refuse {
				assert.NotEmpty(t, got[f.Line], "%s in %s probes is not refused", f.Text, p.Type)
			}
		})
	}
}

// beyondTheScript are errors of bpftrace about a script that it has compiled and this kernel does not run.
var beyondTheScript = regexp.MustCompile(`(?m)^ERROR: (Unable to attach probe|Unknown BPF object load failure)`)

// A tracer is asked about forms.
type tracer struct {
	argv    []string
	replace *strings.Replacer
	// taken matches messages about a script that was taken all the same.
	taken *regexp.Regexp
	// script is the file that the tracer is given.
	script string
	// write makes a script of tries.
	write func([]matrix.Try, *strings.Replacer) string
}

// refused asks about forms in a probe type and returns what the tracer has against them: message by the line of the form in the table.
func (tr tracer) refused(t *testing.T, p matrix.Point, forms []matrix.Form) map[int]string {
	t.Helper()
	out := map[int]string{}
	for chunk := range slices.Chunk(forms, p.Chunk()) {
		for i, message := range tr.against(t, p.In(chunk)) {
			out[chunk[i].Line] = message
		}
	}
	return out
}

// against returns what the tracer has against each of some tries, and "" for those that it takes. It leaves refused ones out until the
// rest is taken: an error may hide others that are found later.
func (tr tracer) against(t *testing.T, tries []matrix.Try) []string {
	t.Helper()
	out := make([]string, len(tries))
	for {
		var left []matrix.Try
		var at []int
		for i, message := range out {
			if message == "" {
				left, at = append(left, tries[i]), append(at, i)
			}
		}
		if len(left) == 0 {
			return out
		}
		text, taken := tr.run(t, left)
		if taken {
			return out
		}
		bad := matrix.Refusals(text, tr.script)
		require.NotEmpty(t, bad, "an error about no form in particular\n%s", text)
		for i, message := range bad {
			out[at[i]] = message
		}
	}
}

// run gives the tracer a script with tries and returns what it says, and whether it takes the script.
func (tr tracer) run(t *testing.T, tries []matrix.Try) (text string, taken bool) {
	t.Helper()
	require.NoError(t, os.WriteFile(tr.script, []byte(tr.write(tries, tr.replace)), 0o644))
	cmd := exec.Command(tr.argv[0], append(slices.Clone(tr.argv[1:]), tr.script)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	err := cmd.Run()
	text = stderr.String()
	return text, err == nil || tr.taken != nil && tr.taken.MatchString(text)
}

// lacks reports whether the kernel has no probes of a type at all; gtrace says then what is missing.
func (tr tracer) lacks(t *testing.T, p matrix.Point) bool {
	t.Helper()
	text, taken := tr.run(t, p.In([]matrix.Form{{Text: "1"}}))
	if taken {
		return false
	}
	require.Regexp(t, `kprobes \(CONFIG_KPROBE_EVENTS\), which this one does not have|not permitted: it takes .* a kernel that is not locked against such programs|is not traceable by \w+ on this kernel, which has no trampolines`, text)
	return true
}

// placeholders puts in what the table leaves open: the program to be traced, and a folder of cgroups.
func placeholders(t *testing.T) *strings.Replacer {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	require.NoError(t, err)
	m := regexp.MustCompile(`(?m)^\S+ (\S+) cgroup2 `).FindSubmatch(mounts)
	require.NotNil(t, m, "cgroup2 is not mounted")
	return strings.NewReplacer("SUBJECT", subject(t), "CGROUP", string(m[1]))
}

// subject returns the path of the program to be traced: GTRACE_SUBJECT, or it is built.
func subject(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("GTRACE_SUBJECT"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "subject")
	require.NoError(t, matrix.BuildSubject(testenv.Program(t, "gcc"), "testdata/subject.c", path))
	return path
}

func hasSymbol(t *testing.T, name string) bool {
	t.Helper()
	text, err := os.ReadFile("/proc/kallsyms")
	require.NoError(t, err)
	return strings.Contains(string(text), " "+name+"\n")
}
