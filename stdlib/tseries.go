package stdlib

import (
	"fmt"
	"slices"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
)

// maxIntervals is the largest number of intervals of a time series.
const maxIntervals = 1000000

// The words for what a time series keeps of an interval.
const (
	aggAvg = "avg"
	aggMax = "max"
	aggMin = "min"
	aggSum = "sum"
)

// tseries keeps one number for each of the last intervals.
func tseries() *Builtin {
	b := aggregate("tseries", "Keeps the last number, or avg, max, min or sum, of each of the last intervals of time.",
		[]types.Param{
			number,
			{Name: "interval_ns", Kind: types.ParamAny},
			{Name: "num_intervals", Kind: types.ParamAny},
			{Name: "agg", Kind: types.ParamLitString, Optional: true},
		}, tseriesType, updateTSeries)
	b.Unstable = types.UnstableTSeries
	return b
}

func tseriesType(args []types.Arg, _ types.Env) (types.Type, error) {
	for i, name := range []string{"interval_ns", "num_intervals"} {
		a := args[i+1]
		_, isInt := a.Type.(types.Int)
		switch {
		case !isInt || !a.Const || a.Int < 0:
			return nil, fmt.Errorf("tseries: invalid %s value (must be non-negative literal)", name)
		case a.Int == 0:
			return nil, fmt.Errorf("tseries() %s must be >= 1 (0 provided)", name)
		}
	}
	if n := args[2].Int; n > maxIntervals {
		return nil, fmt.Errorf("tseries() num_intervals must be < %d (%d provided)", maxIntervals, n)
	}
	t := types.TSeries{Interval: args[1].Int, Num: int(args[2].Int), Signed: types.IsSigned(args[0].Type)}
	if len(args) > 3 {
		t.Agg = args[3].Str
		if !slices.Contains([]string{aggAvg, aggMax, aggMin, aggSum}, t.Agg) {
			return nil, fmt.Errorf("tseries() expects one of the following aggregation functions: avg, max, min, sum (\"%s\" provided)", t.Agg)
		}
	}
	return t, nil
}

// The value of an interval on a CPU, as types.TSeries describes it.
const (
	seriesValue = 0
	seriesMeta  = 8
	seriesEpoch = 16
)

// updateTSeries puts a number into the interval that is running: intervals are counted from the epoch of the TAI clock, and the
// number modulo the intervals kept is part of the map's key. An interval of which something else is kept is started anew.
func updateTSeries(e Emitter, c Call) func(*ir.Value) {
	b, t := e.Builder(), c.Result.(types.TSeries)
	n := c.Args[0].Lower().V
	now := softTAI(e)
	epoch := b.Binary(ir.OpUDiv, now, b.Const(t.Interval))
	c.SetBucket(b.Binary(ir.OpUMod, epoch, b.Const(int64(t.Num))))
	mark := b.AddImm(epoch, 1) // 0 is an interval that nothing was kept of
	return func(addr *ir.Value) {
		first, again, done := b.NewBlock("first"), b.NewBlock("again"), b.NewBlock("kept")
		b.Branch(b.Binary(ir.OpEq, b.Load(addr, seriesEpoch, 8, false), mark), again, first)
		b.Seal(first)
		b.SetBlock(first)
		b.Store(addr, seriesEpoch, 8, mark)
		b.Store(addr, seriesValue, 8, n)
		b.Store(addr, seriesMeta, 8, firstMeta(b, t, now))
		b.Jump(done)
		b.Seal(again)
		b.SetBlock(again)
		addToSeries(b, t, addr, n, now, c.Shared)
		b.Jump(done)
		b.Seal(done)
		b.SetBlock(done)
	}
}

// firstMeta is what is kept beside the first number of an interval: the time for the last number, else how many there were.
func firstMeta(b *ir.Builder, t types.TSeries, now *ir.Value) *ir.Value {
	if t.Agg == "" {
		return now
	}
	return b.Const(1)
}

func addToSeries(b *ir.Builder, t types.TSeries, addr, n, now *ir.Value, shared bool) {
	switch t.Agg {
	case "":
		b.Store(addr, seriesValue, 8, n)
		b.Store(addr, seriesMeta, 8, now)
	case aggAvg, aggSum:
		addTo(b, addr, seriesValue, n, shared)
		increment(b, addr, seriesMeta, shared)
	case aggMax, aggMin:
		var extreme types.Type = types.Max{Signed: t.Signed}
		if t.Agg == aggMin {
			extreme = types.Min{Signed: t.Signed}
		}
		take, kept := b.NewBlock("take"), b.NewBlock("stays")
		b.Branch(better(b, extreme, n, b.Load(addr, seriesValue, 8, false)), take, kept)
		b.Seal(take)
		b.SetBlock(take)
		b.Store(addr, seriesValue, 8, n)
		b.Jump(kept)
		b.Seal(kept)
		b.SetBlock(kept)
	default:
		panic("BUG: stdlib: unexpected aggregation of a time series: " + t.Agg)
	}
}
