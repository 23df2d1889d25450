package stdlib_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// The words that completion offers for a parameter are accepted there.
func TestWordsAreAccepted(t *testing.T) {
	env := types.Env{MaxStrlen: 64, Registers: true, Provider: "kprobe"}
	catalog, seen := stdlib.New(), 0
	for _, name := range catalog.Names() {
		sig, _ := catalog.Signature(name)
		for i, p := range sig.Params {
			for _, w := range p.Words {
				require.Zero(t, i, "%s: the test gives the first argument alone", name)
				arg := types.Arg{Name: w}
				if p.Kind != types.ParamName && p.Kind != types.ParamNameInt {
					arg = types.Arg{Type: types.String{Size: len(w) + 1}, Const: true, Str: w}
				}
				_, err := sig.ResultOf([]types.Arg{arg}, env)
				require.NoError(t, err, "%s(%s)", name, w)
				seen++
			}
		}
	}
	require.Greater(t, seen, 50)
}
