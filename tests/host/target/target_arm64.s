#include "textflag.h"

// func callTarget(a, b uint64) uint64
// The C way: arguments in R0 and R1, result in R0.
TEXT ·callTarget(SB), NOSPLIT, $16-24
	MOVD a+0(FP), R0
	MOVD b+8(FP), R1
	CALL gtrace_target(SB)
	MOVD R0, ret+16(FP)
	RET

// func callText(text *byte) *byte
TEXT ·callText(SB), NOSPLIT, $16-16
	MOVD text+0(FP), R0
	CALL gtrace_text(SB)
	MOVD R0, ret+8(FP)
	RET

// gtrace_target(a, b) = a + b. No frame, no split: a return probe may take its return address.
TEXT gtrace_target(SB), NOSPLIT|NOFRAME, $0-0
	ADD R1, R0, R0
	RET

// gtrace_text(text) = text, which is where the result belongs.
TEXT gtrace_text(SB), NOSPLIT|NOFRAME, $0-0
	RET
