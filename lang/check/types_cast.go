package check

import (
	"errors"
	"fmt"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

// namedTypes are the types that every script knows, and the names that C gives them.
func namedType(name string) (types.Type, bool) {
	switch name {
	case "bool", "_Bool":
		return types.Bool{}, true
	case "void":
		return types.Void{}, true
	case "string":
		return types.String{}, true
	case "int8", "int8_t", "char", "signed char", "s8", "__s8":
		return types.Int8, true
	case "int16", "int16_t", "short", "s16", "__s16":
		return types.Int16, true
	case "int32", "int32_t", "int", "signed int", "signed", "s32", "__s32", "pid_t":
		return types.Int32, true
	case "int64", "int64_t", "long", "long long", "long int", "long long int", "s64", "__s64", "ssize_t", "intptr_t":
		return types.Int64, true
	case "uint8", "uint8_t", "unsigned char", "u8", "__u8":
		return types.Uint8, true
	case "uint16", "uint16_t", "unsigned short", "u16", "__u16":
		return types.Uint16, true
	case "uint32", "uint32_t", "unsigned int", "unsigned", "u32", "__u32":
		return types.Uint32, true
	case "uint64", "uint64_t", "unsigned long", "unsigned long long", "unsigned long int", "unsigned long long int", "u64", "__u64",
		"size_t", "uintptr_t":
		return types.Uint64, true
	}
	return nil, false
}

// typeExpr returns the type that is written, or nil after reporting that there is none.
func (c *checker) typeExpr(e ast.TypeExpr) types.Type {
	switch e := e.(type) {
	case *ast.NamedType:
		return c.lookupType(e)
	case *ast.PointerType:
		elem := c.typeExpr(e.Elem)
		if elem == nil {
			return nil
		}
		return types.Pointer{Elem: elem}
	case *ast.TypeofType:
		t := c.operandType(e.X, e.Type)
		if t == nil || types.IsInvalid(t) {
			return nil
		}
		return c.plain(t)
	case *ast.ArrayType:
		return c.arrayType(e)
	case *ast.TupleType:
		return c.tupleType(e)
	}
	panic(fmt.Sprintf("BUG: check: unexpected type %T", e))
}

// tupleType returns (T, U).
func (c *checker) tupleType(e *ast.TupleType) types.Type {
	t := types.Tuple{Elems: make([]types.Type, len(e.Elems))}
	for i, elem := range e.Elems {
		if t.Elems[i] = c.typeExpr(elem); t.Elems[i] == nil {
			return nil
		}
		if types.Equal(t.Elems[i], types.Void{}) {
			c.errorf(elem.Span(), "bad-type", "a tuple element must have a value")
			return nil
		}
	}
	if types.Sizeof(t) > maxTuple {
		c.errorf(e.At, "too-large", "the value would take more than %d bytes", maxTuple)
		return nil
	}
	return t
}

// arrayType returns T[n] and string[n].
func (c *checker) arrayType(e *ast.ArrayType) types.Type {
	elem := c.typeExpr(e.Elem)
	if elem == nil {
		return nil
	}
	if e.Len == nil {
		return types.Array{Elem: elem} // a cast gives it a length
	}
	c.expr(e.Len)
	n, ok := c.constant(e.Len)
	if !ok || n.negative || n.bits < 1 || n.bits > maxTuple {
		c.errorf(e.Len.Span(), "bad-type", "an array has from 1 to %d elements", maxTuple)
		return nil
	}
	if s, isString := elem.(types.String); isString && s.Size == 0 {
		return types.String{Size: int(n.bits)}
	}
	return types.Array{Elem: elem, Len: int(n.bits)}
}

func (c *checker) lookupType(e *ast.NamedType) types.Type {
	if t, ok := c.findType(e.Keyword, e.Name); ok {
		return t
	}
	c.unknownType(e.At, e.Keyword, e.Name)
	return nil
}

// findType finds a type by keyword and name; a name alone may also be that of a struct.
func (c *checker) findType(keyword, name string) (types.Type, bool) {
	if t, ok := c.cType(keyword, name); ok {
		return t, true
	}
	if keyword == "" {
		if t, ok := namedType(name); ok {
			return t, true
		}
	}
	keywords := []string{keyword}
	if keyword == "" {
		keywords = []string{"", "struct", "union", "enum"}
	}
	for _, k := range keywords {
		if t, ok := c.externalType(k, name); ok {
			return t, true
		}
		if t, err := c.kernelType(k, name); err == nil {
			return t, true
		}
	}
	return nil, false
}

func (c *checker) unknownType(span diag.Span, keyword, name string) {
	if !c.report || c.wrongC && keyword != "" {
		return
	}
	if keyword == "enum" {
		c.errorf(span, "unknown-type", "Unknown enum: %s", name)
		return
	}
	full := name
	if keyword != "" {
		full = keyword + " " + name
	}
	d := c.errorf(span, "unknown-type", "Cannot resolve unknown type \"%s\"", full)
	if c.opts.Host != nil {
		suggest(d, name, c.opts.Host.TypeNames(keyword))
	}
}

var errCast = errors.New("no such cast")

// cast types (T)x.
func (c *checker) cast(e *ast.CastExpr) types.Type {
	from := c.expr(e.X)
	to := c.castType(e)
	if to == nil || from != nil && types.IsInvalid(from) {
		return types.Invalid{}
	}
	if from == nil {
		return to
	}
	if !c.isVariant(e, to) {
		return types.Invalid{}
	}
	if _, ok := to.(*types.Struct); ok && c.measuring {
		return to // nothing is read
	}
	t, err := c.convert(e, from, to)
	if _, isStruct := from.(*types.Struct); isStruct && err != nil {
		c.errorf(e.TypeSpan, "bad-cast", "Cannot cast from C type \"%s\"", from)
		return types.Invalid{}
	}
	if err != nil {
		c.errorf(e.TypeSpan, "bad-cast", "Cannot cast from \"%s\" to \"%s\"", from, castName(to))
		return types.Invalid{}
	}
	if _, isBool := t.(types.Bool); types.Equal(t, from) && !types.IsAggregate(from) && !isBool {
		c.warnf(e.TypeSpan, "needless-cast", "Unnecessary cast: expression is already of type %s", from)
	}
	c.foldCast(e, t)
	return t
}

// castType returns the type that a cast is to.
func (c *checker) castType(e *ast.CastExpr) types.Type {
	if n, ok := e.Type.(*ast.NamedType); ok && n.Keyword == "enum" {
		if _, known := c.findType(n.Keyword, n.Name); !known {
			c.unknownType(e.TypeSpan, n.Keyword, n.Name)
			return nil
		}
	}
	return c.typeExpr(e.Type)
}

// placeOf returns what is underlined of an expression: of a cast, the type in its parentheses.
func placeOf(e ast.Expr) diag.Span {
	if c, ok := e.(*ast.CastExpr); ok {
		return c.TypeSpan
	}
	return e.Span()
}

// isVariant refuses a literal that the enum it is cast to has no name for.
func (c *checker) isVariant(e *ast.CastExpr, to types.Type) bool {
	enum, ok := to.(*types.Enum)
	if !ok || !c.literals[e.X] {
		return true
	}
	v, known := c.constant(e.X)
	if !known || hasValue(enum, v.bits) {
		return true
	}
	c.errorf(e.TypeSpan, "bad-cast", "Enum: %s doesn't contain a variant value of %s", enum.Name, indexText(v))
	return false
}

func castName(t types.Type) string {
	if s, ok := t.(types.String); ok && s.Size == 0 {
		return "string"
	}
	return t.String()
}

// convert returns the type of a cast between two types.
func (c *checker) convert(e *ast.CastExpr, from, to types.Type) (types.Type, error) {
	_, isNumber := c.number(from)
	p, isPointer := from.(types.Pointer)
	_, isString := from.(types.String)
	switch t := to.(type) {
	case types.Int:
		if n, ok := from.(types.Int); ok {
			t.Space = n.Space
			return t, nil
		}
		if isPointer { // a number that came from a pointer is an address in the same memory
			t.Space = p.Space
			return t, nil
		}
		if isNumber || isNumberArray(from) && types.Sizeof(from) == types.Sizeof(to) {
			return to, nil
		}
	case types.Bool:
		if isString {
			return to, nil // whether it has any text
		}
		if isNumber || isPointer || isNumberArray(from) && types.Sizeof(from) == types.Sizeof(to) {
			return to, nil
		}
	case types.Array:
		return c.castArray(e, from, t)
	case types.String:
		if s, ok := from.(types.String); ok && s.Size <= t.Size {
			return t, nil
		}
	case *types.Enum:
		if isNumber {
			return t, nil
		}
	case types.Pointer:
		switch {
		case isString: // the address of its bytes
			t.Space = types.SpaceKernel
			return t, nil
		case isPointer:
			t.Space = p.Space
			t.Trusted = p.Trusted && types.Equal(p.Elem, t.Elem)
			return t, nil
		case isNumber:
			t.Space = c.space()
			if n, ok := from.(types.Int); ok && n.Space != types.SpaceNone {
				t.Space = n.Space
			}
			return t, nil
		}
	default: // no other type matters here
	}
	return nil, errCast
}

// isNumberArray reports whether t is an array whose bytes can be read as a number.
func isNumberArray(t types.Type) bool {
	a, ok := t.(types.Array)
	if !ok {
		return false
	}
	switch a.Elem.(type) {
	case types.Int, types.Bool:
		return true
	default: // no other type matters here
	}
	return false
}

// foldCast computes the cast of a number that is known.
func (c *checker) foldCast(e *ast.CastExpr, t types.Type) {
	k, ok := c.info.Consts[e.X]
	if !ok || k.IsStr {
		return
	}
	switch t := t.(type) {
	case types.Int:
		c.info.Consts[e] = Const{Int: truncate(k.Int, t)}
	case types.Bool:
		c.info.Consts[e] = Const{Int: fromBool(k.Int != 0).bits}
	default: // no other type matters here
	}
}

// truncate cuts a number to the size of a type and extends it again by its sign.
func truncate(v int64, t types.Int) int64 {
	shift := 64 - 8*t.Size
	if t.Signed {
		return v << shift >> shift
	}
	return int64(uint64(v) << shift >> shift)
}

// sizeof folds sizeof to a literal.
func (c *checker) sizeof(e *ast.SizeofExpr) types.Type {
	t := c.operandType(e.X, e.Type)
	if t == nil || types.IsInvalid(t) {
		return t
	}
	if a, ok := c.charArray(e.X); ok {
		t = a
	}
	size := types.Sizeof(t)
	if s, ok := t.(*types.Struct); ok && e.X != nil && c.program != nil && s == c.program.Context.Args && c.program.Probes[0].Kind == attach.KindTracing {
		size = typedSize(c.program.Context)
	}
	return c.literal(e, fromUint(uint64(size)))
}

// typedSize is what bpftrace takes for the size of the arguments of a function or raw tracepoint: that of its members, one behind the other,
// wherever they are. At a function's return, its result is one of them.
func typedSize(ctx *attach.Context) int {
	n := 0
	for _, f := range ctx.Args.Fields {
		n += types.Sizeof(f.Type)
	}
	if ctx.Retval != nil {
		n += types.Sizeof(ctx.Retval.Type)
	}
	return n
}

// charArray returns the array that an expression is in C, where scripts see a string.
func (c *checker) charArray(x ast.Expr) (types.Array, bool) {
	e, ok := x.(*ast.FieldExpr)
	if !ok || len(c.info.Fields[e]) == 0 {
		return types.Array{}, false
	}
	path := c.info.Fields[e]
	a, ok := path[len(path)-1].Type.(types.Array)
	return a, ok && a.Text > 0
}

// operandType returns the type that sizeof or offsetof is about. A bare name may be a value or a type.
func (c *checker) operandType(x ast.Expr, written ast.TypeExpr) types.Type {
	if written != nil {
		t := c.typeExpr(written)
		if t == nil {
			return types.Invalid{}
		}
		return t
	}
	if t, ok := x.(*ast.TypeofExpr); ok {
		return c.operandType(t.X, t.Type)
	}
	if id, ok := x.(*ast.Ident); ok {
		if _, builtin := c.opts.Builtins.Signature(id.Name); !builtin && !c.isConst(id.Name) {
			if t, found := c.findType("", id.Name); found {
				c.info.Types[x] = t
				return t
			}
		}
	}
	defer func(outer bool) { c.measuring = outer }(c.measuring)
	c.measuring = true
	return c.expr(x)
}

// offsetof folds offsetof to a literal.
func (c *checker) offsetof(e *ast.OffsetofExpr) types.Type {
	t := c.operandType(e.X, e.Type)
	if t == nil || types.IsInvalid(t) {
		return t
	}
	total, ok := c.offsetOf(e, t, e.Fields)
	if !ok {
		return types.Invalid{}
	}
	return c.literal(e, fromUint(uint64(total)))
}
