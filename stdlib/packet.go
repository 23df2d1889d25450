package stdlib

import (
	"errors"
	"fmt"

	"github.com/gtrace/gtrace/lang/types"
)

// packetBuiltins are about packets of the network.
func packetBuiltins() []*Builtin {
	return []*Builtin{{
		Signature: types.Signature{
			Name: "skboutput", Doc: "Appends a packet to a file that tcpdump reads: length bytes of its data after the first offset ones.",
			Params: []types.Param{
				{Name: "path", Kind: types.ParamLitString, Names: types.NamesFile},
				{Name: "skb", Kind: types.ParamAny},
				{Name: "length", Kind: types.ParamInt},
				{Name: "offset", Kind: types.ParamLitInt},
			},
			ResultOf: skbOutputType, Call: true,
		},
		Lower: func(e Emitter, c Call) Value {
			file, _ := c.Args[0].Literal()
			skip, _ := c.Args[3].Const()
			skb := e.Trusted(c.Args[1])
			return Value{V: e.Packet(Packet{File: file, Skip: int(skip)}, skb, c.Args[2].Lower().V), Type: c.Result}
		},
	}}
}

// maxSkip is the largest size of a packet's data.
const maxSkip = 1<<16 - 1

func skbOutputType(args []types.Arg, env types.Env) (types.Type, error) {
	switch env.Provider {
	case "fentry", "fexit", "rawtracepoint":
	default:
		return nil, fmt.Errorf("skboutput can not be used with \"%s\" probes", env.Provider)
	}
	p, ok := args[1].Type.(types.Pointer)
	if !ok {
		return nil, fmt.Errorf("skboutput() only supports pointer arguments (%s provided)", kindOf(args[1].Type))
	}
	if s, ok := p.Elem.(*types.Struct); !ok || s.Name != "sk_buff" {
		return nil, fmt.Errorf("skboutput() only supports pointer arguments of 'struct sk_buff *' (%s provided)", args[1].Type)
	}
	if args[0].Str == "" {
		return nil, errors.New("skboutput() needs the name of a file")
	}
	if n := args[3].Int; n < 0 || n > maxSkip {
		return nil, fmt.Errorf("skboutput() leaves out 0 to %d bytes (%d provided)", maxSkip, n)
	}
	return types.Int32, nil
}

// kindOf names a kind of types, whatever their size.
func kindOf(t types.Type) string {
	switch t.(type) {
	case types.Int:
		return "int"
	case types.String:
		return "string"
	default: // others have one size, or are named in full
	}
	return t.String()
}
