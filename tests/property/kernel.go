package property

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A fact is something that is in the kernel's memory and that the process can also find out in another way.
type fact struct {
	// root is the pointer that it is reached from, and text the rest of the way.
	root, text string
	t          intType
	n          uint64
	isText     bool
	s          string
}

// roots are pointers into the kernel that a program may keep in a variable.
var roots = []string{"curtask", "curtask->signal", "curtask->mm", "curtask->nsproxy->uts_ns", "curtask->group_leader"}

// facts asks the system for what programs may read. It returns none where the system does not say.
func facts() []fact {
	uint32T, int32T := intType{4, false}, intType{4, true}
	out := []fact{
		{root: "curtask", text: "->cred->uid.val", t: uint32T, n: uint64(os.Getuid())},
		{root: "curtask", text: "->cred->egid.val", t: uint32T, n: uint64(os.Getegid())},
		{root: "curtask->group_leader", text: "->real_cred->euid.val", t: uint32T, n: uint64(os.Geteuid())},
	}
	if nice, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err == nil { // as 20 minus it
		out = append(out, fact{root: "curtask", text: "->static_prio", t: int32T, n: uint64(140 - nice)})
	}
	for _, i := range []int{unix.RLIMIT_CPU, unix.RLIMIT_FSIZE, unix.RLIMIT_STACK, unix.RLIMIT_NPROC, unix.RLIMIT_LOCKS, unix.RLIMIT_MSGQUEUE} {
		var l unix.Rlimit
		if unix.Getrlimit(i, &l) == nil {
			place := "->rlim[" + strconv.Itoa(i) + "]"
			out = append(out, fact{root: "curtask->signal", text: place + ".rlim_cur", t: uint64T, n: l.Cur},
				fact{root: "curtask->signal", text: place + ".rlim_max", t: uint64T, n: l.Max})
		}
	}
	var names unix.Utsname
	if unix.Uname(&names) == nil {
		const root = "curtask->nsproxy->uts_ns"
		out = append(out, fact{root: root, text: "->name.sysname", isText: true, s: unix.ByteSliceToString(names.Sysname[:])},
			fact{root: root, text: "->name.nodename", isText: true, s: unix.ByteSliceToString(names.Nodename[:])},
			fact{root: root, text: "->name.release", isText: true, s: unix.ByteSliceToString(names.Release[:])})
	}
	if name, err := os.ReadFile("/proc/self/comm"); err == nil {
		out = append(out, fact{root: "curtask->group_leader", text: "->comm", isText: true, s: strings.TrimSuffix(string(name), "\n")})
	}
	return append(out, memoryFacts()...)
}

// memoryFacts are those of the process's memory.
func memoryFacts() (out []fact) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return nil
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // from the third on
	for _, f := range []struct {
		at   int
		name string
	}{{26, "start_code"}, {27, "end_code"}, {48, "arg_start"}, {49, "arg_end"}, {51, "env_end"}} {
		if n, err := strconv.ParseUint(fields[f.at-3], 10, 64); err == nil {
			out = append(out, fact{root: "curtask->mm", text: "->" + f.name, t: uint64T, n: n})
		}
	}
	return out
}

type (
	// keepRoot keeps a pointer into the kernel.
	keepRoot struct{ name, root string }
	kernInt  struct {
		f *fact
		// by is the variable with the root, or "".
		by string
	}
	kernStr struct {
		f  *fact
		by string
	}
)

func (f *fact) through(by string) string {
	if by != "" {
		return by + f.text
	}
	return f.root + f.text
}

func usesRoot(by string) []string {
	if by == "" {
		return nil
	}
	return []string{by}
}

func (e *kernInt) typ() intType       { return e.f.t }
func (e *kernInt) text() string       { return e.f.through(e.by) }
func (e *kernInt) eval(*state) uint64 { return fit(e.f.n, e.f.t) }
func (e *kernInt) kids() []*expr      { return nil }
func (e *kernInt) uses() []string     { return usesRoot(e.by) }

func (e *kernStr) shape() shape     { return shape{kind: strShape} }
func (e *kernStr) text() string     { return e.f.through(e.by) }
func (e *kernStr) value(*state) val { return e.f.s }
func (e *kernStr) kids() []*expr    { return nil }
func (e *kernStr) uses() []string   { return usesRoot(e.by) }

func (s *keepRoot) text(in string) string { return in + s.name + " = " + s.root + ";\n" }
func (s *keepRoot) run(*state)            {}
func (s *keepRoot) blocks() []*[]stmt     { return nil }
func (s *keepRoot) exprs() []*expr        { return nil }
func (s *keepRoot) conds() []*cond        { return nil }
func (s *keepRoot) declares() string      { return s.name }

// keepRoots has variables for some of the roots.
func (g *gen) keepRoots() (out []stmt) {
	for _, root := range roots {
		if g.r.IntN(8) == 0 {
			s := &keepRoot{g.name("$k"), root}
			g.roots[root] = s.name
			out = append(out, s)
		}
	}
	return out
}

// fact takes one of those that are wanted, and the variable that leads to it.
func (g *gen) fact(isText bool) (*fact, string) {
	for range 8 {
		f := &g.facts[g.r.IntN(len(g.facts))]
		if f.isText != isText {
			continue
		}
		if g.r.IntN(2) == 0 {
			return f, ""
		}
		return f, g.roots[f.root]
	}
	return nil, ""
}
