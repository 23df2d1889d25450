package stdlib

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
)

const (
	// logLinearBits makes the buckets of llhist and quantile no wider than a 32nd of the numbers in them, a 16th below zero.
	logLinearBits = 5
	// defaultQuantiles are those of quantile(n).
	defaultQuantiles = "count,min,50,90,99,99.9,max"
	// maxQuantiles is the largest number of quantiles.
	maxQuantiles = 16
)

func llhistType(args []types.Arg, _ types.Env) (types.Type, error) {
	return types.Hist{Bits: logLinearBits, Signed: types.IsSigned(args[0].Type), Fit: true}, nil
}

// quantile is a histogram of which only quantiles are printed. The least and the greatest number are kept exactly.
func quantile() *Builtin {
	b := aggregate("quantile", `Keeps quantiles, to a 64th, below zero to a 32nd: quantile(n, 50, 99, 999, "99.99", "max").`,
		[]types.Param{number}, quantileType, updateQuantile)
	b.Variadic = true
	return b
}

func quantileType(args []types.Arg, _ types.Env) (types.Type, error) {
	t := types.Hist{Bits: logLinearBits, Signed: types.IsSigned(args[0].Type), Quantiles: defaultQuantiles}
	if len(args)-1 > maxQuantiles {
		return nil, fmt.Errorf("quantile() takes at most %d percentages (%d provided)", maxQuantiles, len(args)-1)
	}
	var list []string
	for _, a := range args[1:] {
		q, ok := quantileName(a)
		if !ok {
			return nil, fmt.Errorf("quantile() takes literal percentages: 50 is 50%%, 999 or \"99.9\" is 99.9%%, \"min\", \"max\" and \"count\" (%s provided)", provided(a))
		}
		if slices.Contains(list, q) {
			return nil, fmt.Errorf("quantile() prints each percentage once (%s provided twice)", q)
		}
		list = append(list, q)
	}
	if len(list) > 0 {
		t.Quantiles = strings.Join(list, ",")
	}
	return t, nil
}

// percentage is what lies between the least number, 0, and the greatest, 100.
var percentage = regexp.MustCompile(`^[0-9]{1,2}(\.[0-9]{1,6})?$`)

// quantileName returns an argument as types.Hist has it.
func quantileName(a types.Arg) (string, bool) {
	if !a.Const {
		return "", false
	}
	text := a.Str
	if _, isInt := a.Type.(types.Int); isInt {
		text = fmt.Sprint(a.Int)
		if len(text) > 2 && text != "100" { // decimals follow the second digit
			text = text[:2] + "." + text[2:]
		}
	}
	switch text {
	case "count", "min", "max":
		return text, true
	case "0":
		return "min", true
	case "100":
		return "max", true
	}
	return text, percentage.MatchString(text)
}

func provided(a types.Arg) string {
	_, isInt := a.Type.(types.Int)
	switch {
	case a.Const && isInt:
		return fmt.Sprint(a.Int)
	case a.Const:
		return fmt.Sprintf("%q", a.Str)
	}
	return a.Type.String()
}

// updateQuantile counts a number and keeps the bounds as types.Hist.Bounds wants them.
func updateQuantile(e Emitter, c Call) func(*ir.Value) {
	t := c.Result.(types.Hist)
	n, b := c.Args[0].Lower(), e.Builder()
	slot, slots := histSlot(b, n, t), t.Slots()
	leastMask, greatestMask := t.BoundMasks()
	least := b.Binary(ir.OpXor, n.V, b.Const(int64(leastMask)))
	greatest := b.Binary(ir.OpXor, n.V, b.Const(int64(greatestMask)))
	return func(addr *ir.Value) {
		countSlot(b, addr, slot, slots, c.Shared)
		keepLargest(e, addr, int64(8*slots), least, c.Shared)
		keepLargest(e, addr, int64(8*slots+8), greatest, c.Shared)
	}
}
