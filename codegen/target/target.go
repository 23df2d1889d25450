// Package target says what the kernel that a script is compiled for can do.
//
// It imports nothing of gtrace. The lowering and the emitter ask a Target, never the running machine; runtime/host
// implements Target for the running kernel, Recorded for a kernel of the test matrix.
package target

import (
	"cmp"
	"fmt"
)

// Feature is something that not every supported kernel has.
type Feature uint8

// The features.
const (
	FeatureInvalid    Feature = iota
	RingBuf                   // BPF_MAP_TYPE_RINGBUF, 5.8
	ProbeReadKernel           // bpf_probe_read_kernel and _user, 5.5
	GetFuncIP                 // bpf_get_func_ip, 5.15
	AttachCookie              // bpf_get_attach_cookie, 5.15
	Loop                      // bpf_loop, 5.17
	ForEachMapElem            // bpf_for_each_map_elem, 5.13
	MapLookupPercpu           // bpf_map_lookup_percpu_elem, 5.19
	KtimeBoot                 // bpf_ktime_get_boot_ns, 5.8
	KtimeTAI                  // bpf_ktime_get_tai_ns, 6.1
	CurrentTaskBTF            // bpf_get_current_task_btf, 5.11
	TestRunRawTP              // BPF_PROG_RUN of raw tracepoint programs, 5.10
	AtomicFetch               // BPF_FETCH, BPF_XCHG, BPF_CMPXCHG, 5.12
	CPUv4                     // sdiv, smod, movsx, ldsx, bswap, gotol, 6.6
	KprobeMulti               // 5.18
	KprobeSession             // 6.10
	UprobeMulti               // 6.6
	PerfLink                  // BPF_LINK_TYPE_PERF_EVENT, 5.15
	NsPidTgid                 // bpf_get_ns_current_pid_tgid, 5.7
	BoundedLoops              // 5.3
	LargeMapKeys              // keys of hash maps over 512 bytes, 5.11
	SocketCookie              // bpf_get_socket_cookie in tracing programs, 5.12
	UprobeFuncIP              // bpf_get_func_ip in uprobes, 6.6
	TaskFromPID               // the kernel's function bpf_task_from_pid, 6.2
	UprobePreempt             // programs of uprobes run with preemption on, 6.0: another thread may run the same program meanwhile
	GetFuncRet                // bpf_get_func_ret, 5.17
	IterPath                  // bpf_d_path in iterators, 5.12
	TaskPtRegs                // bpf_task_pt_regs, 5.15
	TracingOnce               // tracing programs are not started on a CPU where they are running, 5.12
	RawTracepointOnce         // the same for programs of raw tracepoints, 6.1
	PrivateStack              // programs have a stack for each CPU, not for each run, 6.13
	NumberPointerArgs         // arguments that point to numbers are loaded by tracing programs, 5.17
	MapAlloc                  // hash maps take memory for an entry when it is made, in all programs, 6.1

	endFeature
)

type featureInfo struct {
	name  string
	since Version
}

var features = [endFeature]featureInfo{
	RingBuf:         {"BPF ring buffer", Version{5, 8}},
	ProbeReadKernel: {"bpf_probe_read_kernel", Version{5, 5}},
	GetFuncIP:       {"bpf_get_func_ip", Version{5, 15}},
	AttachCookie:    {"bpf_get_attach_cookie", Version{5, 15}},
	Loop:            {"bpf_loop", Version{5, 17}},
	ForEachMapElem:  {"bpf_for_each_map_elem", Version{5, 13}},
	MapLookupPercpu: {"bpf_map_lookup_percpu_elem", Version{5, 19}},
	KtimeBoot:       {"bpf_ktime_get_boot_ns", Version{5, 8}},
	KtimeTAI:        {"bpf_ktime_get_tai_ns", Version{6, 1}},
	CurrentTaskBTF:  {"bpf_get_current_task_btf", Version{5, 11}},
	TestRunRawTP:    {"BPF_PROG_RUN of raw tracepoint programs", Version{5, 10}},
	AtomicFetch:     {"atomic fetch instructions", Version{5, 12}},
	CPUv4:           {"BPF instruction set v4", Version{6, 6}},
	KprobeMulti:     {"kprobe.multi links", Version{5, 18}},
	KprobeSession:   {"kprobe.session links", Version{6, 10}},
	UprobeMulti:     {"uprobe.multi links", Version{6, 6}},
	PerfLink:        {"perf event links", Version{5, 15}},
	NsPidTgid:       {"bpf_get_ns_current_pid_tgid", Version{5, 7}},
	BoundedLoops:    {"bounded loops", Version{5, 3}},
	SocketCookie:    {"bpf_get_socket_cookie in tracing programs", Version{5, 12}},
	UprobeFuncIP:    {"bpf_get_func_ip in uprobes", Version{6, 6}},
	TaskFromPID:     {"bpf_task_from_pid", Version{6, 2}},
	GetFuncRet:      {"bpf_get_func_ret", Version{5, 17}},
	IterPath:        {"bpf_d_path in iterators", Version{5, 12}},
	TaskPtRegs:      {"bpf_task_pt_regs", Version{5, 15}},

	TracingOnce:       {"protection of tracing programs from recursion", Version{5, 12}},
	RawTracepointOnce: {"protection of raw tracepoints from recursion", Version{6, 1}},
	PrivateStack:      {"private stacks of programs", Version{6, 13}},
	NumberPointerArgs: {"arguments that point to numbers", Version{5, 17}},
	MapAlloc:          {"allocation of map entries by tracing programs", Version{6, 1}},
	LargeMapKeys:      {"map keys of more than 512 bytes", Version{5, 11}},
	UprobePreempt:     {"preemption in programs of uprobes", Version{6, 0}},
}

// String returns the feature's name as a diagnostic gives it.
func (f Feature) String() string { return features[f].name }

// Since returns the first upstream kernel that has the feature. Distributions may have it earlier.
func (f Feature) Since() Version { return features[f].since }

// All returns every feature.
func All() []Feature {
	var out []Feature
	for f := FeatureInvalid + 1; f < endFeature; f++ {
		out = append(out, f)
	}
	return out
}

// Version is a kernel release line, 5.10 being {5, 10}.
type Version struct{ Major, Minor int }

// String returns "5.10".
func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// Before reports whether v is older than o.
func (v Version) Before(o Version) bool {
	return v.Major < o.Major || v.Major == o.Major && v.Minor < o.Minor
}

// Target is a kernel to compile for.
type Target interface {
	// Has reports whether the kernel has a feature.
	Has(Feature) bool
	// NumCPU is the number of possible CPUs.
	NumCPU() int
	// Kernel is the release line, for messages only.
	Kernel() Version
	// Arch is GOARCH.
	Arch() string
}

// Recorded is a Target written down: an upstream kernel of a version.
type Recorded struct {
	Version Version
	CPUs    int
	// Architecture is GOARCH. Default: amd64.
	Architecture string
}

// Has reports whether upstream had the feature at the version.
func (r Recorded) Has(f Feature) bool { return !r.Version.Before(f.Since()) }

// NumCPU returns CPUs, or 1 if it is not set.
func (r Recorded) NumCPU() int { return max(1, r.CPUs) }

// Kernel returns the version.
func (r Recorded) Kernel() Version { return r.Version }

// Arch returns the architecture.
func (r Recorded) Arch() string { return cmp.Or(r.Architecture, "amd64") }
