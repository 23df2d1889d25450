#include "textflag.h"

// func callTarget(a, b uint64) uint64
// The C way: arguments in DI and SI, result in AX.
TEXT ·callTarget(SB), NOSPLIT, $8-24
	MOVQ a+0(FP), DI
	MOVQ b+8(FP), SI
	CALL gtrace_target(SB)
	MOVQ AX, ret+16(FP)
	RET

// func callText(text *byte) *byte
TEXT ·callText(SB), NOSPLIT, $8-16
	MOVQ text+0(FP), DI
	CALL gtrace_text(SB)
	MOVQ AX, ret+8(FP)
	RET

// gtrace_target(a, b) = a + b. No frame, no split: a return probe may take its return address.
TEXT gtrace_target(SB), NOSPLIT, $0-0
	MOVQ DI, AX
	ADDQ SI, AX
	RET

// gtrace_text(text) = text.
TEXT gtrace_text(SB), NOSPLIT, $0-0
	MOVQ DI, AX
	RET
