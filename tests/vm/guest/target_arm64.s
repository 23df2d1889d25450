#include "textflag.h"

// func callTarget(a, b uint64) uint64
// Calls gtrace_target the C way: arguments in R0 and R1, result in R0.
TEXT ·callTarget(SB), NOSPLIT, $16-24
	MOVD a+0(FP), R0
	MOVD b+8(FP), R1
	CALL gtrace_target(SB)
	MOVD R0, ret+16(FP)
	RET

// gtrace_target(a, b) = a + b, for user probes. No frame, no split: a return probe may take its return address.
TEXT gtrace_target(SB), NOSPLIT|NOFRAME, $0-0
	ADD R1, R0, R0
	RET
