package object

// The maps of programs that walk user stacks by call frame information. The runtime fills all of them but the first.
const (
	// UnwindStateMap is the per-CPU memory of the walk in the program N: "gt_walk_N".
	UnwindStateMap = "gt_walk_"
	// UnwindStackMap is the map of stacks of depth N that were walked: "gt_walked_N", a hash map from the number of the stack, which is
	// computed from its addresses, to the addresses, ended by 0 if they are less.
	UnwindStackMap = "gt_walked_"
	// UnwindLostMap is a per-CPU array of 64-bit counters of walks that ended early, indexed by the UnwindLost constants.
	UnwindLostMap = "gt_unwind_lost"
	// UnwindProcsMap is a hash map from the 32-bit process id to a 64-bit word: the first of the process's ranges in the low half, their
	// number in the high half.
	UnwindProcsMap = "gt_unwind_procs"
	// UnwindRangesMap is an array of ranges of addresses, those of a process sorted and one after the other; see UnwindRange.
	UnwindRangesMap = "gt_unwind_ranges"
	// UnwindChunksMap is an array of arrays of rows; see UnwindRow.
	UnwindChunksMap = "gt_unwind_chunks"
	// UnwindRulesMap is an array of the rules that rows refer to; see UnwindRule.
	UnwindRulesMap = "gt_unwind_rules"
)

// Indices of UnwindLostMap: why a walk ended early.
const (
	UnwindLostCode   = iota // in code that nothing is known of
	UnwindLostMemory        // the stack could not be read
	UnwindLostReasons
)

// The largest numbers of what the maps for unwinding hold.
const (
	UnwindMaxProcs  = 1024
	UnwindMaxRanges = 1 << 16
	UnwindMaxRules  = 1 << 14
	UnwindMaxChunks = 512
	// UnwindChunkRows is the number of rows in a chunk.
	UnwindChunkRows = 1 << 15
)

// UnwindWalked is set in the number of a stack that was walked by call frame information, as against those of the kernel. The number
// without any other bit is that of the stack without frames.
const UnwindWalked = 1 << 62

// UnwindFailed stands for the frames that could not be found in a stack of addresses.
const UnwindFailed = ^uint64(0)

// Offsets in a range: where it starts (64 bits), what is to be subtracted from an address to get that of its row (64 bits), its size,
// the chunk with its rows, the index of the first of them, and their number (32 bits each).
const (
	UnwindRangeStart = 0
	UnwindRangeBias  = 8
	UnwindRangeBytes = 16
	UnwindRangeChunk = 20
	UnwindRangeFirst = 24
	UnwindRangeRows  = 28
	UnwindRangeSize  = 32
)

// Offsets in a row, all of 32 bits: the address that it holds from, up to that of the next, and the index of its rule.
const (
	UnwindRowPC   = 0
	UnwindRowRule = 4
	UnwindRowSize = 8
)

// Offsets in a rule, which says how to get from a frame to that of its caller: one of the Unwind kinds, the register that it is about (8 bits
// each), where the caller's RBP and RBX are (one of the UnwindSaved, 8 bits each), the two offsets that the kind uses, and those of where RBP
// and RBX are (32 bits each, signed). The return address is below the canonical frame address (CFA), which is also the caller's RSP.
const (
	UnwindRuleKind     = 0
	UnwindRuleReg      = 1
	UnwindRuleBP       = 2
	UnwindRuleBX       = 3
	UnwindRuleOffset   = 4
	UnwindRuleOffset2  = 8
	UnwindRuleBPOffset = 12
	UnwindRuleBXOffset = 16
	UnwindRuleSize     = 20
)

// The kinds of rules.
const (
	UnwindNone   = iota // nothing is known of the code
	UnwindEnd           // there is no caller
	UnwindCFA           // the CFA is register + offset
	UnwindDeref         // the CFA is the word at register + offset, plus the second offset
	UnwindPLT           // the CFA is RSP + offset, and 8 more if the low 4 bits of RIP are at least the second offset
	UnwindSignal        // all registers of the caller were saved by the kernel, at RSP + offset in the order of a signal's context
)

// Where a register of the caller is.
const (
	UnwindSavedNot  = iota // still in the register
	UnwindSavedCFA         // at CFA + offset
	UnwindSavedBP          // at RBP + offset, with RBP as the function has it
	UnwindSavedLost        // nobody knows
)
