package stdlib

import (
	"errors"
	"fmt"

	"github.com/gtrace/gtrace/lang/types"
)

const (
	afInet     = 2
	afInet6    = 10
	macSize    = 6
	ipv4Size   = 4
	ipv6Size   = 16
	familySize = 4
)

// netBuiltins are addresses of networks.
func netBuiltins() []*Builtin {
	return []*Builtin{
		{
			Signature: types.Signature{
				Name: "ntop", Doc: "An internet address: a number is IPv4, an array of 4 or 16 bytes IPv4 or IPv6.",
				Params:   []types.Param{{Name: "address or family", Kind: types.ParamText}, {Name: "address", Kind: types.ParamText, Optional: true}},
				ResultOf: ntopType, Call: true,
			},
			Lower: lowerNtop,
		},
		{
			Signature: types.Signature{
				Name: "pton", Doc: "The bytes of an internet address.",
				Params: []types.Param{{Name: "address", Kind: types.ParamLitString}}, ResultOf: ptonType, Call: true,
			},
			Lower: lowerPton,
		},
		{
			Signature: types.Signature{
				Name: "macaddr", Doc: "An Ethernet address of six bytes.",
				Params: []types.Param{{Name: "address", Kind: types.ParamText}}, ResultOf: macType, Call: true,
			},
			Lower: func(e Emitter, c Call) Value {
				dst := c.Dest(e)
				e.ReadN(dst, e.Builder().Const(macSize), c.Args[0].Lower())
				return Value{V: dst, Type: c.Result}
			},
		},
	}
}

func ntopType(args []types.Arg, _ types.Env) (types.Type, error) {
	addr := args[len(args)-1]
	switch t := addr.Type.(type) {
	case types.Array, types.String:
		if n := types.Sizeof(t); n != ipv4Size && n != ipv6Size {
			return nil, errors.New("ntop() argument must be 4 or 16 bytes in size")
		}
	case types.Pointer:
		return nil, fmt.Errorf("ntop() expects an integer or array argument, not a %s", t)
	default: // no other type matters here
	}
	if len(args) > 1 {
		if _, ok := args[0].Type.(types.Int); !ok {
			return nil, errors.New("ntop() expects the address family to be a number")
		}
	}
	return types.Inet{}, nil
}

// lowerNtop makes {family, address}. An array may hold more than the address of its family.
func lowerNtop(e Emitter, c Call) Value {
	b := e.Builder()
	addr := c.Args[len(c.Args)-1]
	size := types.Sizeof(addr.Type())
	_, isText := addr.Type().(types.String)
	_, isArray := addr.Type().(types.Array)
	family := b.Const(afInet)
	if (isArray || isText) && size == ipv6Size {
		family = b.Const(afInet6)
	}
	if len(c.Args) > 1 {
		family = c.Args[0].Lower().V
	}
	v := addr.Lower()
	dst := e.Temp("ntop", types.Align(types.Sizeof(c.Result), 8), 8)
	for off := int64(0); off < familySize+ipv6Size; off += 4 {
		b.Store(dst, off, 4, b.Const(0))
	}
	b.Store(dst, 0, familySize, family)
	if isArray || isText {
		e.ReadN(b.AddImm(dst, familySize), b.Const(int64(size)), v)
	} else {
		b.Store(dst, familySize, ipv4Size, v.V)
	}
	return Value{V: dst, Type: c.Result}
}

func ptonType(args []types.Arg, _ types.Env) (types.Type, error) {
	addr, ok := parseIP(args[0].Str)
	if !ok {
		return nil, fmt.Errorf("pton() expects a valid IPv4/IPv6 address, got %s", args[0].Str)
	}
	return types.Array{Elem: types.Uint8, Len: len(addr)}, nil
}

func lowerPton(e Emitter, c Call) Value {
	b := e.Builder()
	text, _ := c.Args[0].Literal()
	bytes, _ := parseIP(text)
	dst := e.Temp("pton", types.Align(len(bytes), 8), 8)
	for i := 0; i < len(bytes); i += 4 {
		b.Store(dst, int64(i), 4, b.Const(int64(int32(word(string(bytes[i:i+4]))))))
	}
	return Value{V: dst, Type: c.Result}
}

func macType(args []types.Arg, _ types.Env) (types.Type, error) {
	switch t := args[0].Type.(type) {
	case types.Array:
		if types.Sizeof(t) < macSize {
			return nil, fmt.Errorf("macaddr() argument must be at least %d bytes in size", macSize)
		}
	case types.String:
		if args[0].Const {
			return nil, errors.New("macaddr() does not support literal string arguments")
		}
	default: // no other type matters here
	}
	return types.MacAddr{}, nil
}
