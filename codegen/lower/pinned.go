package lower

import (
	"fmt"
	"strings"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/types"
)

// maxSeqArgs is the largest number of values that the kernel formats with one call.
const maxSeqArgs = 12

// pinned reports whether the program is an iterator that goes on without gtrace: whoever reads its file gets what it prints.
func (f *fn) pinned() bool {
	return f.kind() == attach.KindIter && len(f.prog.Probes) > 0 && f.prog.Probes[0].Pin != ""
}

// sendPinned is what a pinned iterator does in the place of sending an event: the kernel formats its text, and nothing else can be
// done.
func (f *fn) sendPinned(e object.Event, exprs []ast.Expr) {
	if e.Kind != object.EventPrintf {
		f.Refuse("a pinned iterator can only print with printf(): what else it had to say nobody would be there to read")
		return
	}
	format, args, err := f.seqFormat(e.Format, exprs)
	if err != nil {
		f.Refuse(fmt.Sprintf("printf() in a pinned iterator: %v", err))
		return
	}
	text := f.text(format, len(format)+1, nil)
	data := f.Temp("seq_args", 8*max(1, len(args)), 8)
	for i, a := range args {
		f.b.Store(data, int64(8*i), 8, a)
	}
	meta := f.b.Load(f.b.Ctx(), 0, 8, false) // struct bpf_iter_meta, whose first member is the file
	meta.Stable, meta.Type = true, ir.Ptr
	file := f.b.Load(meta, 0, 8, false)
	file.Type = ir.Ptr
	f.b.Call(ir.HelperSeqPrintf, file, text.V, f.b.Const(int64(len(format)+1)), data, f.b.Const(int64(8*len(args))))
}

// seqConversion is a conversion of a format.
type seqConversion struct {
	flags, width, length, verb string
}

// seqFormat translates a format and its values into what the kernel understands, on 5.10 too: flags (0, + and -) and width with
// d, u, x and s.
func (f *fn) seqFormat(format string, exprs []ast.Expr) (string, []*ir.Value, error) {
	if len(exprs) > maxSeqArgs {
		return "", nil, fmt.Errorf("the kernel formats at most %d values with one call", maxSeqArgs)
	}
	var b strings.Builder
	var args []*ir.Value
	for i := 0; i < len(format); {
		if c := format[i]; c != '%' || i+1 == len(format) || format[i+1] == '%' {
			if c > '~' || c < ' ' && !strings.ContainsRune("\t\n\v\f\r", rune(c)) {
				return "", nil, fmt.Errorf("the kernel prints no byte 0x%02x", c)
			}
			n := 1
			if c == '%' {
				b.WriteByte('%')
				n = min(2, len(format)-i)
			}
			b.WriteByte(c)
			i += n
			continue
		}
		conv, n := scanConversion(format[i:])
		i += n
		if len(args) == len(exprs) {
			return "", nil, fmt.Errorf("%%%s has no value", conv.verb)
		}
		text, v, err := f.seqValue(conv, exprs[len(args)])
		if err != nil {
			return "", nil, err
		}
		b.WriteString(text)
		args = append(args, v)
	}
	return b.String(), args, nil
}

// scanConversion reads the conversion that a text begins with, and returns its length.
func scanConversion(text string) (seqConversion, int) {
	var c seqConversion
	rest := text[1:]
	take := func(set string) string {
		n := 0
		for n < len(rest) && strings.IndexByte(set, rest[n]) >= 0 {
			n++
		}
		got := rest[:n]
		rest = rest[n:]
		return got
	}
	c.flags, c.width = take("-+ #0"), take("0123456789*.")
	c.length = take("hljzt")
	n := min(1, len(rest))
	if strings.HasPrefix(rest, "rx") || strings.HasPrefix(rest, "rh") || strings.HasPrefix(rest, "gr") {
		n = 2
	}
	c.verb = rest[:n]
	return c, len(text) - len(rest) + n
}

// lengths are the bytes of the numbers that the lengths of conversions stand for.
var lengths = map[string]int{"": 4, "hh": 1, "h": 2, "l": 8, "ll": 8, "j": 8, "z": 8, "t": 8}

// seqValue returns the kernel's conversion for a value, and the word for it.
func (f *fn) seqValue(c seqConversion, e ast.Expr) (string, *ir.Value, error) {
	t := number(f.info.Types[e])
	shape := "%" + c.flags + c.width
	if strings.ContainsAny(c.width, "*.") {
		return "", nil, fmt.Errorf("the kernel has no precision (%s%s)", shape, c.verb)
	}
	if s, ok := t.(types.String); ok && c.verb == "s" {
		return shape + "s", f.seqString(e, s), nil
	}
	_, isInt := t.(types.Int)
	_, isPointer := t.(types.Pointer)
	_, isBool := t.(types.Bool)
	size := lengths[c.length]
	switch {
	case !isInt && !isPointer && !isBool || isBool && c.verb == "s":
		return "", nil, fmt.Errorf("the kernel cannot print a %s with %%%s", t, c.verb)
	case strings.Contains(c.flags, "#") && (c.width != "" || c.verb != "x"):
		return "", nil, fmt.Errorf("the kernel has no flag # (%s%s); write 0x%%%s%sx", shape, c.verb, strings.ReplaceAll(c.flags, "#", ""), c.width)
	}
	v := f.expr(e).V
	switch c.verb {
	case "d", "i":
		return shape + "lld", f.b.Extend(v, size, true), nil
	case "u":
		return shape + "llu", f.b.Extend(v, size, false), nil
	case "x", "X":
		prefix := ""
		if strings.Contains(shape, "#") {
			prefix, shape = "0x", strings.ReplaceAll(shape, "#", "")
		}
		return prefix + shape + "ll" + c.verb, f.b.Extend(v, size, false), nil
	case "p":
		return "0x%llx", v, nil
	case "s":
		if isPointer {
			return "0x%llx", v, nil
		}
		return shape + "lld", f.b.Extend(v, width(t), types.IsSigned(t)), nil
	case "c":
		text := f.Temp("char", 8, 8)
		f.b.Store(text, 0, 8, f.b.Extend(v, 1, false))
		return shape + "s", text, nil
	}
	return "", nil, fmt.Errorf("the kernel has no conversion %%%s", c.verb)
}

// seqString returns the address of a copy of a string that ends in any case.
func (f *fn) seqString(e ast.Expr, s types.String) *ir.Value {
	v := f.expr(e)
	dst := f.Temp("seq_text", types.Align(s.Size+1, 8), 8)
	f.b.Store(dst, int64(types.Align(s.Size+1, 8)-8), 8, f.b.Const(0))
	f.copyBytes(dst, 0, v.V, 0, s.Size)
	return dst
}
