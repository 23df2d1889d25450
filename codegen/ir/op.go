package ir

// OpInfo is a row of the operation table.
type OpInfo struct {
	Name string
	// Args is the number of operands; -1 for any.
	Args int
	// Pure operations can be merged and removed.
	Pure bool
	// Commutes is set where the operands may be swapped.
	Commutes bool
	// Terminator ends a block.
	Terminator bool
}

var ops = [endOp]OpInfo{
	OpParam:     {"param", 0, true, false, false},
	OpConst:     {"const", 0, true, false, false},
	OpCtx:       {"ctx", 0, true, false, false},
	OpSlot:      {"slot", 0, true, false, false},
	OpMapPtr:    {"map", 0, true, false, false},
	OpMapValue:  {"mapvalue", 0, true, false, false},
	OpFuncPtr:   {"funcptr", 0, true, false, false},
	OpAdd:       {"add", 2, true, true, false},
	OpSub:       {"sub", 2, true, false, false},
	OpMul:       {"mul", 2, true, true, false},
	OpUDiv:      {"udiv", 2, true, false, false},
	OpSDiv:      {"sdiv", 2, true, false, false},
	OpUMod:      {"umod", 2, true, false, false},
	OpSMod:      {"smod", 2, true, false, false},
	OpAnd:       {"and", 2, true, true, false},
	OpOr:        {"or", 2, true, true, false},
	OpXor:       {"xor", 2, true, true, false},
	OpShl:       {"shl", 2, true, false, false},
	OpLShr:      {"lshr", 2, true, false, false},
	OpAShr:      {"ashr", 2, true, false, false},
	OpNeg:       {"neg", 1, true, false, false},
	OpSExt:      {"sext", 1, true, false, false},
	OpZExt:      {"zext", 1, true, false, false},
	OpBswap:     {"bswap", 1, true, false, false},
	OpNumber:    {"number", 1, true, false, false},
	OpEq:        {"eq", 2, true, true, false},
	OpNe:        {"ne", 2, true, true, false},
	OpULt:       {"ult", 2, true, false, false},
	OpULe:       {"ule", 2, true, false, false},
	OpSLt:       {"slt", 2, true, false, false},
	OpSLe:       {"sle", 2, true, false, false},
	OpLoad:      {"load", 1, false, false, false},
	OpStore:     {"store", 2, false, false, false},
	OpAtomicAdd: {"atomic_add", 2, false, false, false},
	OpXchgAdd:   {"xchg_add", 2, false, false, false},
	OpXchg:      {"xchg", 2, false, false, false},
	OpCall:      {"call", -1, false, false, false},
	OpKfunc:     {"kfunc", -1, false, false, false},
	OpCallFunc:  {"callfunc", -1, false, false, false},
	OpJump:      {"jump", 0, false, false, true},
	OpBranch:    {"branch", 1, false, false, true},
	OpReturn:    {"return", 1, false, false, true},
}

// Info returns the operation's row.
func (op Op) Info() OpInfo { return ops[op] }

// String returns the operation's name in the textual form.
func (op Op) String() string { return ops[op].Name }

// LookupOp returns the operation of that name.
func LookupOp(name string) (Op, bool) {
	for op := OpInvalid + 1; op < endOp; op++ {
		if ops[op].Name == name {
			return op, true
		}
	}
	return OpInvalid, false
}
