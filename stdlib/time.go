package stdlib

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/types"
)

// timeBuiltins are clocks.
func timeBuiltins() []*Builtin {
	return []*Builtin{
		{
			Signature: types.Signature{
				Name: "nsecs", Doc: "Time in nanoseconds: of the boot clock, or of the clock given (boot, monotonic, tai, sw_tai).",
				Params:   []types.Param{{Name: "clock", Kind: types.ParamName, Optional: true, Words: []string{"boot", "monotonic", "tai", "sw_tai"}}},
				ResultOf: nsecsType, Call: true, BareOK: true,
			},
			Lower: lowerNsecs,
		},
		{
			Signature: types.Signature{Name: "elapsed", Doc: "Nanoseconds since the script was started.", Result: types.Uint64},
			Lower: func(e Emitter, c Call) Value {
				b := e.Builder()
				return Value{V: b.Binary(ir.OpSub, bootClock(e), e.StartTime()), Type: c.Result}
			},
		},
		{
			Signature: types.Signature{Name: "jiffies", Doc: "The kernel's tick counter.", Result: types.Uint64},
			Lower:     helper(ir.HelperJiffies64),
		},
	}
}

// nsecsType checks the name of the clock.
func nsecsType(args []types.Arg, _ types.Env) (types.Type, error) {
	if len(args) == 0 {
		return types.Uint64, nil
	}
	switch clock := args[0].Name; clock {
	case "boot", "monotonic", "tai", "sw_tai":
		return types.Uint64, nil
	default:
		//lint:ignore ST1005 these are bpftrace's words
		return nil, fmt.Errorf("Invalid timestamp mode: %s", clock)
	}
}

// bootClock is the clock of nsecs: it goes on during suspend.
func bootClock(e Emitter) *ir.Value {
	if e.Target().Has(target.KtimeBoot) {
		return e.Builder().Call(ir.HelperKtimeGetBootNs)
	}
	return e.Builder().Call(ir.HelperKtimeGetNs)
}

// softTAI is the TAI clock as it was at the start, going on with the boot clock.
func softTAI(e Emitter) *ir.Value { return e.Builder().Binary(ir.OpAdd, bootClock(e), e.TAIOffset()) }

func lowerNsecs(e Emitter, c Call) Value {
	clock := "boot"
	if len(c.Args) > 0 {
		clock, _ = c.Args[0].Str()
	}
	b := e.Builder()
	switch clock {
	case "monotonic":
		return Value{V: b.Call(ir.HelperKtimeGetNs), Type: c.Result}
	case "tai":
		if !e.Target().Has(target.KtimeTAI) {
			e.Refuse(fmt.Sprintf("nsecs(tai) needs %v, which kernels have from %v on; nsecs(sw_tai) does not", target.KtimeTAI, target.KtimeTAI.Since()))
		}
		return Value{V: b.Call(ir.HelperKtimeGetTaiNs), Type: c.Result}
	case "sw_tai":
		return Value{V: softTAI(e), Type: c.Result}
	}
	return Value{V: bootClock(e), Type: c.Result}
}
