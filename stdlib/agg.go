package stdlib

import (
	"errors"
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
)

// number is the parameter of most aggregates.
var number = types.Param{Name: "n", Kind: types.ParamInt}

// aggBuiltins are the aggregations. Most have a value for every CPU, so plain additions lose nothing where a program is not interrupted.
func aggBuiltins() []*Builtin {
	return []*Builtin{
		aggregate("count", "Counts.", nil, func([]types.Arg, types.Env) (types.Type, error) { return types.Count{}, nil },
			func(e Emitter, c Call) func(*ir.Value) {
				return func(addr *ir.Value) { increment(e.Builder(), addr, 0, c.Shared) }
			}),
		aggregate("sum", "Adds numbers up.", []types.Param{number},
			signedType(func(s bool) types.Type { return types.Sum{Signed: s} }),
			func(e Emitter, c Call) func(*ir.Value) {
				n := c.Args[0].Lower().V
				return func(addr *ir.Value) { addTo(e.Builder(), addr, 0, n, c.Shared) }
			}),
		aggregate("min", "Keeps the smallest number.", []types.Param{number},
			signedType(func(s bool) types.Type { return types.Min{Signed: s} }), updateExtreme),
		aggregate("max", "Keeps the largest number.", []types.Param{number},
			signedType(func(s bool) types.Type { return types.Max{Signed: s} }), updateExtreme),
		aggregate("avg", "Keeps the average of numbers.", []types.Param{number},
			signedType(func(s bool) types.Type { return types.Avg{Signed: s} }), updateTotal),
		aggregate("stats", "Keeps count, average and total of numbers.", []types.Param{number},
			signedType(func(s bool) types.Type { return types.Stats{Signed: s} }), updateTotal),
		aggregate("hist", "Counts numbers in buckets of powers of two, each split into 2^bits.",
			[]types.Param{number, {Name: "bits", Kind: types.ParamLitInt, Optional: true}}, histType, updateHist),
		aggregate("llhist", "Counts numbers in buckets no wider than a 32nd of the numbers in them, a 16th below zero.", []types.Param{number}, llhistType, updateHist),
		quantile(),
		tseries(),
		aggregate("lhist", "Counts numbers in buckets of equal width between min and max.",
			[]types.Param{
				number,
				{Name: "min", Kind: types.ParamLitInt},
				{Name: "max", Kind: types.ParamLitInt},
				{Name: "step", Kind: types.ParamLitInt},
			}, lhistType, updateLHist),
	}
}

// wanted names what an aggregation takes, in bpftrace's words.
func wanted(name string) string {
	if name == "hist" || name == "lhist" || name == "tseries" {
		return "int"
	}
	return "integer"
}

func aggregate(name, doc string, params []types.Param, result func([]types.Arg, types.Env) (types.Type, error),
	update func(Emitter, Call) func(*ir.Value),
) *Builtin {
	checked := func(args []types.Arg, env types.Env) (types.Type, error) {
		if len(args) > 0 && args[0].Type == (types.Bool{}) {
			return nil, fmt.Errorf("%s() only supports %s arguments (bool provided)", name, wanted(name))
		}
		return result(args, env)
	}
	return &Builtin{
		Signature: types.Signature{Name: name, Doc: doc, Params: params, ResultOf: checked, Call: true, Aggregate: true},
		Update:    update,
	}
}

// signedType makes the result type from the sign of the first argument.
func signedType(mk func(signed bool) types.Type) func([]types.Arg, types.Env) (types.Type, error) {
	return func(args []types.Arg, _ types.Env) (types.Type, error) { return mk(types.IsSigned(args[0].Type)), nil }
}

// maxHistBits is the largest number of bits of hist.
const maxHistBits = 5

func histType(args []types.Arg, _ types.Env) (types.Type, error) {
	if len(args) < 2 {
		return types.Hist{}, nil
	}
	bits := args[1]
	if !bits.Const || bits.Int < 0 || bits.Int > maxHistBits {
		return nil, fmt.Errorf("hist: bits %d must be 0..%d", bits.Int, maxHistBits)
	}
	return types.Hist{Bits: int(bits.Int)}, nil
}

// maxLHistBuckets is the largest number of buckets of lhist.
const maxLHistBuckets = 1000

func lhistType(args []types.Arg, _ types.Env) (types.Type, error) {
	if len(args) < 4 {
		return nil, errors.New("lhist() requires 4 arguments")
	}
	for _, a := range args[1:] {
		if !a.Const {
			return nil, errors.New("lhist() needs literal numbers for min, max and step")
		}
	}
	lo, hi, step := args[1].Int, args[2].Int, args[3].Int
	switch {
	case step < 0:
		return nil, errors.New("lhist: invalid step value")
	case step == 0:
		return nil, fmt.Errorf("lhist() step must be >= 1 (%d provided)", step)
	case lo < 0:
		return nil, errors.New("lhist: invalid min value (must be non-negative literal)")
	case lo > hi:
		return nil, fmt.Errorf("lhist() min must be less than max (provided min %d and max %d)", lo, hi)
	case hi-lo < step:
		return nil, fmt.Errorf("lhist() step is too large for the given range (provided step %d for range %d)", step, hi-lo)
	case (hi-lo)/step > maxLHistBuckets:
		return nil, fmt.Errorf("lhist() too many buckets, must be <= %d (would need %d)", maxLHistBuckets, (hi-lo)/step)
	}
	return types.LHist{Min: lo, Max: hi, Step: step}, nil
}
