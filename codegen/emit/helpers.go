package emit

import (
	"fmt"

	"github.com/cilium/ebpf/asm"

	"github.com/gtrace/gtrace/codegen/ir"
)

// helperNumber returns the kernel's number of a helper.
func helperNumber(h ir.Helper) asm.BuiltinFunc {
	if n, ok := helperNumbers[h]; ok {
		return n
	}
	panic(fmt.Sprintf("BUG: emit: helper %d has no number", h))
}

// helperName returns the name of the helper with a number.
func helperName(n asm.BuiltinFunc) string {
	for h, m := range helperNumbers {
		if m == n {
			return h.String()
		}
	}
	return n.String()
}

var helperNumbers = map[ir.Helper]asm.BuiltinFunc{
	ir.HelperMapLookupElem:       asm.FnMapLookupElem,
	ir.HelperMapUpdateElem:       asm.FnMapUpdateElem,
	ir.HelperMapDeleteElem:       asm.FnMapDeleteElem,
	ir.HelperMapLookupPercpuElem: asm.FnMapLookupPercpuElem,
	ir.HelperForEachMapElem:      asm.FnForEachMapElem,
	ir.HelperProbeReadKernel:     asm.FnProbeReadKernel,
	ir.HelperProbeReadUser:       asm.FnProbeReadUser,
	ir.HelperProbeReadKernelStr:  asm.FnProbeReadKernelStr,
	ir.HelperProbeReadUserStr:    asm.FnProbeReadUserStr,
	ir.HelperKtimeGetNs:          asm.FnKtimeGetNs,
	ir.HelperKtimeGetBootNs:      asm.FnKtimeGetBootNs,
	ir.HelperKtimeGetTaiNs:       asm.FnKtimeGetTaiNs,
	ir.HelperJiffies64:           asm.FnJiffies64,
	ir.HelperGetPrandomU32:       asm.FnGetPrandomU32,
	ir.HelperGetSmpProcessorID:   asm.FnGetSmpProcessorId,
	ir.HelperGetNumaNodeID:       asm.FnGetNumaNodeId,
	ir.HelperGetCurrentPidTgid:   asm.FnGetCurrentPidTgid,
	ir.HelperGetNsCurrentPidTgid: asm.FnGetNsCurrentPidTgid,
	ir.HelperGetCurrentUidGid:    asm.FnGetCurrentUidGid,
	ir.HelperGetCurrentComm:      asm.FnGetCurrentComm,
	ir.HelperGetCurrentTask:      asm.FnGetCurrentTask,
	ir.HelperGetCurrentTaskBTF:   asm.FnGetCurrentTaskBtf,
	ir.HelperTaskPtRegs:          asm.FnTaskPtRegs,
	ir.HelperGetCurrentCgroupID:  asm.FnGetCurrentCgroupId,
	ir.HelperGetStack:            asm.FnGetStack,
	ir.HelperGetFuncIP:           asm.FnGetFuncIp,
	ir.HelperGetAttachCookie:     asm.FnGetAttachCookie,
	ir.HelperRingbufReserve:      asm.FnRingbufReserve,
	ir.HelperRingbufSubmit:       asm.FnRingbufSubmit,
	ir.HelperRingbufDiscard:      asm.FnRingbufDiscard,
	ir.HelperRingbufOutput:       asm.FnRingbufOutput,
	ir.HelperRingbufQuery:        asm.FnRingbufQuery,
	ir.HelperLoop:                asm.FnLoop,
	ir.HelperSendSignal:          asm.FnSendSignal,
	ir.HelperSendSignalThread:    asm.FnSendSignalThread,
	ir.HelperProbeWriteUser:      asm.FnProbeWriteUser,
	ir.HelperOverrideReturn:      asm.FnOverrideReturn,
	ir.HelperDPath:               asm.FnDPath,
	ir.HelperGetSocketCookie:     asm.FnGetSocketCookie,
	ir.HelperTracePrintk:         asm.FnTracePrintk,
	ir.HelperStrncmp:             asm.FnStrncmp,
	ir.HelperSkbOutput:           asm.FnSkbOutput,
	ir.HelperGetFuncRet:          asm.FnGetFuncRet,
	ir.HelperSeqPrintf:           asm.FnSeqPrintf,
}
