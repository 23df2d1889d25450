package stdlib

import (
	"fmt"
	"strings"

	"github.com/gtrace/gtrace/lang/types"
)

const (
	// logLinearBits makes the buckets of llhist and quantile no wider than a 32nd of the numbers in them.
	logLinearBits = 5
	// defaultQuantiles are those of quantile(n).
	defaultQuantiles = "50,90,99"
	// maxQuantiles is the largest number of quantiles.
	maxQuantiles = 16
)

func llhistType([]types.Arg, types.Env) (types.Type, error) {
	return types.Hist{Bits: logLinearBits}, nil
}

// quantile is a histogram of which only quantiles are printed.
func quantile() *Builtin {
	b := aggregate("quantile", "Keeps quantiles, to a 32nd: quantile(n, 50, 99, 999) prints those of 50, 99 and 99.9 percent.",
		[]types.Param{number}, quantileType, updateHist)
	b.Variadic = true
	return b
}

func quantileType(args []types.Arg, _ types.Env) (types.Type, error) {
	t := types.Hist{Bits: logLinearBits, Quantiles: defaultQuantiles}
	if len(args)-1 > maxQuantiles {
		return nil, fmt.Errorf("quantile() takes at most %d percentages (%d provided)", maxQuantiles, len(args)-1)
	}
	var list []string
	for _, a := range args[1:] {
		if _, isInt := a.Type.(types.Int); !isInt || !a.Const || a.Int < 10 || a.Int == 100 {
			return nil, fmt.Errorf("quantile() takes literal percentages from 10 on: 50 is 50%%, 999 is 99.9%% (%s provided)", provided(a))
		}
		list = append(list, fmt.Sprint(a.Int))
	}
	if len(list) > 0 {
		t.Quantiles = strings.Join(list, ",")
	}
	return t, nil
}

func provided(a types.Arg) string {
	if a.Const {
		return fmt.Sprint(a.Int)
	}
	return a.Type.String()
}
