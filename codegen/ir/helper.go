package ir

import "github.com/gtrace/gtrace/codegen/target"

// Helper is a BPF helper function, by meaning; its number is known to codegen/emit alone.
type Helper uint8

// The helpers.
const (
	HelperInvalid Helper = iota
	HelperMapLookupElem
	HelperMapUpdateElem
	HelperMapDeleteElem
	HelperMapLookupPercpuElem
	HelperForEachMapElem
	HelperProbeReadKernel
	HelperProbeReadUser
	HelperProbeReadKernelStr
	HelperProbeReadUserStr
	HelperKtimeGetNs
	HelperKtimeGetBootNs
	HelperKtimeGetTaiNs
	HelperJiffies64
	HelperGetPrandomU32
	HelperGetSmpProcessorID
	HelperGetNumaNodeID
	HelperGetCurrentPidTgid
	HelperGetNsCurrentPidTgid
	HelperGetCurrentUidGid
	HelperGetCurrentComm
	HelperGetCurrentTask
	HelperGetCurrentTaskBTF
	HelperTaskPtRegs
	HelperGetCurrentCgroupID
	HelperGetStack
	HelperGetFuncIP
	HelperGetAttachCookie
	HelperRingbufReserve
	HelperRingbufSubmit
	HelperRingbufDiscard
	HelperRingbufOutput
	HelperRingbufQuery
	HelperLoop
	HelperSendSignal
	HelperSendSignalThread
	HelperProbeWriteUser
	HelperOverrideReturn
	HelperDPath
	HelperGetSocketCookie
	HelperTracePrintk
	HelperStrncmp
	HelperSkbOutput
	HelperGetFuncRet
	HelperSeqPrintf

	endHelper
)

// Effect says what a helper does besides returning a value.
type Effect uint8

// The effects.
const (
	// EffectPure calls yield the same value for the whole run of a program, given the same arguments.
	EffectPure Effect = iota + 1
	// EffectRead calls depend on the moment (time, random numbers) but change nothing: unused ones can go.
	EffectRead
	// EffectWrite calls write memory or have effects outside: they stay, in order.
	EffectWrite
)

// HelperInfo is a row of the helper table.
type HelperInfo struct {
	Name   string
	Args   int
	Effect Effect
	// Result is Ptr for helpers that return a pointer or NULL.
	Result Type
	// Feature is what the target must have, or FeatureInvalid for helpers that every supported kernel (5.10) has.
	Feature target.Feature
	// GPL marks helpers that only GPL-compatible programs may call.
	GPL bool
}

var helpers = [endHelper]HelperInfo{
	HelperMapLookupElem:       {"map_lookup_elem", 2, EffectWrite, Ptr, 0, false}, // LRU maps note the use; never merged across updates
	HelperMapUpdateElem:       {"map_update_elem", 4, EffectWrite, I64, 0, false},
	HelperMapDeleteElem:       {"map_delete_elem", 2, EffectWrite, I64, 0, false},
	HelperMapLookupPercpuElem: {"map_lookup_percpu_elem", 3, EffectWrite, Ptr, target.MapLookupPercpu, false},
	HelperForEachMapElem:      {"for_each_map_elem", 4, EffectWrite, I64, target.ForEachMapElem, false},
	HelperProbeReadKernel:     {"probe_read_kernel", 3, EffectWrite, I64, target.ProbeReadKernel, true},
	HelperProbeReadUser:       {"probe_read_user", 3, EffectWrite, I64, target.ProbeReadKernel, true},
	HelperProbeReadKernelStr:  {"probe_read_kernel_str", 3, EffectWrite, I64, target.ProbeReadKernel, true},
	HelperProbeReadUserStr:    {"probe_read_user_str", 3, EffectWrite, I64, target.ProbeReadKernel, true},
	HelperKtimeGetNs:          {"ktime_get_ns", 0, EffectRead, I64, 0, true},
	HelperKtimeGetBootNs:      {"ktime_get_boot_ns", 0, EffectRead, I64, target.KtimeBoot, true},
	HelperKtimeGetTaiNs:       {"ktime_get_tai_ns", 0, EffectRead, I64, target.KtimeTAI, true},
	HelperJiffies64:           {"jiffies64", 0, EffectRead, I64, 0, false},
	HelperGetPrandomU32:       {"get_prandom_u32", 0, EffectRead, I64, 0, false},
	HelperGetSmpProcessorID:   {"get_smp_processor_id", 0, EffectPure, I64, 0, false},
	HelperGetNumaNodeID:       {"get_numa_node_id", 0, EffectPure, I64, 0, false},
	HelperGetCurrentPidTgid:   {"get_current_pid_tgid", 0, EffectPure, I64, 0, false},
	HelperGetNsCurrentPidTgid: {"get_ns_current_pid_tgid", 4, EffectWrite, I64, target.NsPidTgid, false},
	HelperGetCurrentUidGid:    {"get_current_uid_gid", 0, EffectPure, I64, 0, false},
	HelperGetCurrentComm:      {"get_current_comm", 2, EffectWrite, I64, 0, false},
	HelperGetCurrentTask:      {"get_current_task", 0, EffectPure, I64, 0, true},
	HelperGetCurrentTaskBTF:   {"get_current_task_btf", 0, EffectPure, Ptr, target.CurrentTaskBTF, true},
	HelperTaskPtRegs:          {"task_pt_regs", 1, EffectPure, I64, target.TaskPtRegs, true},
	HelperGetCurrentCgroupID:  {"get_current_cgroup_id", 0, EffectPure, I64, 0, false},
	HelperGetStack:            {"get_stack", 4, EffectWrite, I64, 0, true},
	HelperGetFuncIP:           {"get_func_ip", 1, EffectPure, I64, target.GetFuncIP, true},
	HelperGetAttachCookie:     {"get_attach_cookie", 1, EffectPure, I64, target.AttachCookie, false},
	HelperRingbufReserve:      {"ringbuf_reserve", 3, EffectWrite, Ptr, target.RingBuf, false},
	HelperRingbufSubmit:       {"ringbuf_submit", 2, EffectWrite, None, target.RingBuf, false},
	HelperRingbufDiscard:      {"ringbuf_discard", 2, EffectWrite, None, target.RingBuf, false},
	HelperRingbufOutput:       {"ringbuf_output", 4, EffectWrite, I64, target.RingBuf, false},
	HelperRingbufQuery:        {"ringbuf_query", 2, EffectRead, I64, target.RingBuf, false},
	HelperLoop:                {"loop", 4, EffectWrite, I64, target.Loop, false},
	HelperSendSignal:          {"send_signal", 1, EffectWrite, I64, 0, false},
	HelperSendSignalThread:    {"send_signal_thread", 1, EffectWrite, I64, 0, false},
	HelperProbeWriteUser:      {"probe_write_user", 3, EffectWrite, I64, 0, true},
	HelperOverrideReturn:      {"override_return", 2, EffectWrite, I64, 0, true},
	HelperDPath:               {"d_path", 3, EffectWrite, I64, 0, false},
	HelperGetSocketCookie:     {"get_socket_cookie", 1, EffectPure, I64, 0, false},
	HelperTracePrintk:         {"trace_printk", 5, EffectWrite, I64, 0, true},
	HelperStrncmp:             {"strncmp", 3, EffectRead, I64, target.Loop, false},
	HelperSkbOutput:           {"skb_output", 5, EffectWrite, I64, 0, true},
	HelperSeqPrintf:           {"seq_printf", 5, EffectWrite, I64, 0, true},
	HelperGetFuncRet:          {"get_func_ret", 2, EffectWrite, I64, target.GetFuncRet, false},
}

// Info returns the helper's row.
func (h Helper) Info() HelperInfo { return helpers[h] }

// String returns the kernel's name without bpf_.
func (h Helper) String() string { return helpers[h].Name }

// LookupHelper returns the helper of that name.
func LookupHelper(name string) (Helper, bool) {
	for h := HelperInvalid + 1; h < endHelper; h++ {
		if helpers[h].Name == name {
			return h, true
		}
	}
	return HelperInvalid, false
}
