package stdlib

import (
	"errors"
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/types"
)

// bytesBuiltins work on memory and numbers as bytes.
func bytesBuiltins() []*Builtin {
	return []*Builtin{
		{
			Signature: types.Signature{
				Name: "buf", Doc: "The bytes at an address, at most max_strlen.",
				Params:   []types.Param{{Name: "ptr", Kind: types.ParamText}, {Name: "length", Kind: types.ParamInt, Optional: true}},
				ResultOf: bufType, Call: true,
			},
			Lower: lowerBuf,
		},
		{
			Signature: types.Signature{
				Name: "memcmp", Doc: "Compares bytes in memory: 0 if they are equal, else the difference of the first two that differ.",
				Params: []types.Param{
					{Name: "a", Kind: types.ParamAny},
					{Name: "b", Kind: types.ParamAny},
					{Name: "length", Kind: types.ParamLitInt},
				},
				ResultOf: memcmpType, Call: true,
			},
			Lower: lowerMemcmp,
		},
		{
			Signature: types.Signature{
				Name: "bswap", Doc: "A number with its bytes in reverse order.",
				Params: []types.Param{{Name: "n", Kind: types.ParamInt}},
				ResultOf: func(args []types.Arg, _ types.Env) (types.Type, error) {
					return types.Int{Size: max(1, min(8, types.Sizeof(args[0].Type)))}, nil
				},
				Call: true,
			},
			Lower: func(e Emitter, c Call) Value {
				return Value{V: e.Builder().Bswap(c.Args[0].Lower().V, types.Sizeof(c.Result)), Type: c.Result}
			},
		},
		{
			Signature: types.Signature{
				Name: "container_of", Doc: "Pointer to the struct that holds what a pointer points to as a member.",
				Params: []types.Param{
					{Name: "ptr", Kind: types.ParamPointer},
					{Name: "type", Kind: types.ParamType},
					{Name: "member", Kind: types.ParamMember},
				},
				ResultOf: func(args []types.Arg, _ types.Env) (types.Type, error) {
					p, _ := args[0].Type.(types.Pointer)
					return types.Pointer{Elem: args[1].Type, Space: p.Space}, nil
				},
				Call: true,
			},
			Lower: func(e Emitter, c Call) Value {
				offset, _ := c.Args[2].Const()
				return Value{V: e.Builder().AddImm(c.Args[0].Lower().V, -offset), Type: c.Result}
			},
		},
		space("kptr", "A pointer into kernel memory.", types.SpaceKernel),
		space("uptr", "A pointer into the memory of the process.", types.SpaceUser),
		{
			Signature: types.Signature{
				Name: "is_err", Doc: "Whether a pointer is an error number of the kernel.",
				Params: []types.Param{{Name: "ptr", Kind: types.ParamPointer}}, Result: types.Bool{}, Call: true,
			},
			Lower: func(e Emitter, c Call) Value {
				b := e.Builder()
				return Value{V: b.Binary(ir.OpULe, b.Const(-maxErrno), c.Args[0].Lower().V), Type: c.Result}
			},
		},
	}
}

// maxErrno is the largest error number that the kernel returns as a pointer (MAX_ERRNO).
const maxErrno = 4095

// space is a builtin that says which address space a pointer, or a number that is an address, points into.
func space(name, doc string, s types.Space) *Builtin {
	return &Builtin{
		Signature: types.Signature{
			Name: name, Doc: doc, Params: []types.Param{{Name: "ptr", Kind: types.ParamPointer}}, Call: true,
			ResultOf: func(args []types.Arg, _ types.Env) (types.Type, error) {
				if n, ok := args[0].Type.(types.Int); ok {
					n.Space = s
					return n, nil
				}
				p, ok := args[0].Type.(types.Pointer)
				if !ok {
					p = types.Pointer{Elem: types.Void{}}
				}
				p.Space, p.Trusted = s, false
				return p, nil
			},
		},
		Lower: func(_ Emitter, c Call) Value { return Value{V: c.Args[0].Lower().V, Type: c.Result} },
	}
}

func bufType(args []types.Arg, env types.Env) (types.Type, error) {
	arr, isArray := args[0].Type.(types.Array)
	size := env.MaxStrlen
	switch {
	case len(args) > 1 && args[1].Const:
		if args[1].Int < 0 {
			return nil, errors.New("buf() expects a length that is not negative")
		}
		size = int(min(args[1].Int, int64(size)))
	case len(args) > 1:
	case isArray:
		size = min(size, types.Sizeof(arr))
	default:
		return nil, fmt.Errorf("buf() expects a length argument for non-array type %s", args[0].Type)
	}
	return types.Buffer{Size: size}, nil
}

// lowerBuf makes {length, bytes}.
func lowerBuf(e Emitter, c Call) Value {
	b := e.Builder()
	src := c.Args[0].Lower()
	size := c.Result.(types.Buffer).Size
	dst := e.Temp("buf", max(8, types.Align(4+size, 8)), 8)
	n := b.Const(int64(size))
	if len(c.Args) > 1 {
		if _, ok := c.Args[1].Const(); !ok {
			n = e.Clamp(c.Args[1].Lower().V, int64(size))
			e.ReadN(b.AddImm(dst, 4), b.Const(int64(size)), nowhere(b))
		}
	}
	b.Store(dst, 0, 4, n)
	if size > 0 {
		e.ReadN(b.AddImm(dst, 4), n, src)
	}
	return Value{V: dst, Type: c.Result}
}

// maxMemcmp is the largest number of bytes that are compared.
const maxMemcmp = 1024

func memcmpType(args []types.Arg, _ types.Env) (types.Type, error) {
	if n := args[2].Int; n < 1 || n > maxMemcmp {
		return nil, fmt.Errorf("memcmp() compares 1 to %d bytes (%d provided)", maxMemcmp, n)
	}
	return types.Int32, nil
}

// lowerMemcmp compares byte by byte.
func lowerMemcmp(e Emitter, c Call) Value {
	n, _ := c.Args[2].Const()
	x, y := e.Bytes(c.Args[0].Lower(), int(n)), e.Bytes(c.Args[1].Lower(), int(n))
	b := e.Builder()
	result := b.NewVariable(ir.I64)
	b.Define(result, b.Const(0))
	repeat(b, n, func(i *ir.Value, leave *ir.Block) {
		p, q := b.Load(b.Binary(ir.OpAdd, x, i), 0, 1, true), b.Load(b.Binary(ir.OpAdd, y, i), 0, 1, true)
		differ, next := b.NewBlock("differ"), b.NewBlock("same")
		b.Branch(b.Binary(ir.OpEq, p, q), next, differ)
		b.Seal(differ)
		b.SetBlock(differ)
		b.Define(result, b.Binary(ir.OpSub, p, q))
		b.Jump(leave)
		b.Seal(next)
		b.SetBlock(next)
	})
	return Value{V: b.Use(result), Type: c.Result}
}
