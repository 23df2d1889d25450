#include "textflag.h"

// func callTarget(a, b uint64) uint64
// Calls gtrace_target the C way: arguments in DI and SI, result in AX.
TEXT ·callTarget(SB), NOSPLIT, $8-24
	MOVQ a+0(FP), DI
	MOVQ b+8(FP), SI
	CALL gtrace_target(SB)
	MOVQ AX, ret+16(FP)
	RET

// gtrace_target(a, b) = a + b, for user probes. No frame, no split: a return probe may take its return address.
TEXT gtrace_target(SB), NOSPLIT, $0-0
	MOVQ DI, AX
	ADDQ SI, AX
	RET
