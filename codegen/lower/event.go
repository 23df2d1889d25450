package lower

import (
	"encoding/json"
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

const (
	// header is the event id and the record's length, 32 bits each.
	header = 8
	// varStrlen is the size from which strings are sent with their actual length.
	varStrlen = 65
	// loopable is a size that is in memory that may be addressed with a variable offset on every kernel.
	loopable = 264
)

// Send asks user space for an action.
func (f *fn) Send(a stdlib.Action, args ...stdlib.Arg) {
	e := object.Event{
		Kind: object.EventKind(a.Kind), Format: a.Format, Map: a.Map, Top: a.Top, Div: a.Div, Place: f.module.place(f.b.Span),
	}
	exprs := make([]ast.Expr, len(args))
	for i, x := range args {
		exprs[i] = x.(*arg).e
		e.Fields = append(e.Fields, object.EventField{Type: f.sentType(exprs[i], a)})
	}
	f.send(e, exprs)
}

// sentType is the type as which a value is sent: aggregates are numbers, keys have the type of their map.
func (f *fn) sentType(e ast.Expr, a stdlib.Action) types.Type {
	t := number(f.info.Types[e])
	if a.Kind == string(object.EventPrintMapElem) || a.Kind == string(object.EventClear) {
		t = f.maps[a.Map].Key
	}
	if fe, ok := e.(*ast.FieldExpr); ok && types.IsInvalid(t) {
		panic(fmt.Sprintf("BUG: lower: the field %s has no type", fe.Name))
	}
	return t
}

// send sends an event whose fields are the values of expressions.
func (f *fn) send(e object.Event, exprs []ast.Expr) {
	if f.pinned() {
		f.sendPinned(e, exprs)
		return
	}
	variable := layoutEvent(&e)
	id := f.eventID(e)
	if variable == 0 {
		f.sendFixed(id, e, exprs)
		return
	}
	f.sendVariable(id, e, exprs, variable)
}

// layoutEvent gives the fields their places and returns the largest number of bytes of the variable ones.
func layoutEvent(e *object.Event) (variable int) {
	size := 0
	for i := range e.Fields {
		field := &e.Fields[i]
		n, align := types.Sizeof(field.Type), types.Alignof(field.Type)
		if size := variableSize(field.Type); size >= varStrlen {
			field.Var, n, align = true, 4, 4
			variable += size
		}
		field.Offset = types.Align(size, align)
		size = field.Offset + n
	}
	e.FixedSize = types.Align(size, 8)
	return variable
}

// variableSize is the largest number of bytes of a value that may be sent with its actual length, 0 for others.
func variableSize(t types.Type) int {
	switch t := t.(type) {
	case types.String:
		return t.Size
	case types.Buffer:
		return t.Size
	default: // no other type matters here
	}
	return 0
}

// eventID returns the id of an event, the same for equal events: the clones of a body share them.
func (f *fn) eventID(e object.Event) int {
	key := eventKey(e)
	id, ok := f.events[key]
	if !ok {
		id = len(f.obj.Manifest.Events)
		f.events[key] = id
		f.obj.Manifest.Events = append(f.obj.Manifest.Events, e)
	}
	return id
}

func eventKey(e object.Event) string {
	fields := ""
	for _, field := range e.Fields {
		fields += fmt.Sprintf("%v@%d,%v;", field.Type, field.Offset, field.Var)
	}
	e.Fields = nil
	text, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("BUG: lower: event: %v", err))
	}
	return string(text) + fields
}

// field is a value that goes into a record: evaluated, or an expression that is built in the record.
type field struct {
	object.EventField
	e ast.Expr
	v *stdlib.Value
}

// evaluate computes the fields in order, except for those that can wait until there is a record to build them in.
func (f *fn) evaluate(e object.Event, exprs []ast.Expr) []field {
	out := make([]field, len(exprs))
	for i, x := range exprs {
		out[i] = field{EventField: e.Fields[i], e: x}
		if f.canWait(x, e.Fields[i].Type) {
			continue
		}
		v := f.expr(x)
		out[i].v = &v
	}
	return out
}

// canWait reports whether an expression is a memory object without side effects.
func (f *fn) canWait(e ast.Expr, t types.Type) bool {
	if _, known := f.info.Consts[e]; known {
		return true
	}
	if sig := f.info.Calls[e]; isScalar(t) || sig != nil && sig.Reports {
		return false
	}
	switch e := e.(type) {
	case *ast.Ident, *ast.StringLit:
		return true
	case *ast.CallExpr:
		return f.fresh(e)
	default: // no other type matters here
	}
	return false
}

// putField stores a field in the record at an address.
func (f *fn) putField(rec *ir.Value, fl field) {
	off := int64(header + fl.Offset)
	if fl.v == nil {
		f.putExpr(rec, off, fl.e, fl.Type, false)
		return
	}
	f.put(rec, off, *fl.v, fl.Type, false)
}

// sendFixed builds the record in the ring buffer.
func (f *fn) sendFixed(id int, e object.Event, exprs []ast.Expr) {
	fields := f.evaluate(e, exprs)
	f.reserve(id, header+e.FixedSize, func(rec *ir.Value) {
		f.padRecord(rec, e)
		for _, fl := range fields {
			f.putField(rec, fl)
		}
	})
}

// reserve sends a record of a fixed size that fill completes.
func (f *fn) reserve(id, size int, fill func(rec *ir.Value)) {
	got, full, done := f.b.NewBlock("reserved"), f.b.NewBlock("full"), f.b.NewBlock("sent")
	rec := f.b.Call(ir.HelperRingbufReserve, f.b.MapPtr(object.EventsMap), f.b.Const(int64(size)), f.b.Const(0))
	f.b.Branch(rec, got, full)
	f.enter(got)
	f.b.Store(rec, 0, 4, f.b.Const(int64(id)))
	f.b.Store(rec, 4, 4, f.b.Const(int64(size)))
	fill(rec)
	f.b.Call(ir.HelperRingbufSubmit, rec, f.b.Const(0))
	f.b.Jump(done)
	f.enter(full)
	f.countLost(object.LostEvents)
	f.b.Jump(done)
	f.enter(done)
}

// padRecord sets the gaps between the fields of a record to zero.
func (f *fn) padRecord(rec *ir.Value, e object.Event) {
	end := 0
	for _, fl := range e.Fields {
		if fl.Offset > end {
			f.zeroBytes(rec, int64(header+end), fl.Offset-end)
		}
		end = fl.Offset + types.Sizeof(fl.Type)
		if fl.Var {
			end = fl.Offset + 4
		}
	}
	if e.FixedSize > end {
		f.zeroBytes(rec, int64(header+end), e.FixedSize-end)
	}
}

// sendVariable builds the record in memory of the program, the variable strings and buffers one after the other, and sends what is used
// of it.
func (f *fn) sendVariable(id int, e object.Event, exprs []ast.Expr, variable int) {
	fields := f.evaluate(e, exprs)
	most := header + e.FixedSize + variable
	rec := f.Temp("record", types.Align(max(most, loopable), 8), 8)
	f.b.Store(rec, 0, 4, f.b.Const(int64(id)))
	f.padRecord(rec, e)
	used := f.b.Const(int64(header + e.FixedSize))
	for _, fl := range fields {
		if !fl.Var {
			f.putField(rec, fl)
			continue
		}
		dst := f.b.Binary(ir.OpAdd, rec, used)
		var n *ir.Value
		if b, ok := fl.Type.(types.Buffer); ok {
			n = f.appendBuffer(dst, fl, b.Size)
		} else {
			n = f.appendString(dst, fl, variableSize(fl.Type))
		}
		f.b.Store(rec, int64(header+fl.Offset), 4, n)
		used = f.b.Binary(ir.OpAdd, used, n)
	}
	f.output(rec, f.clamp(used, int64(most)))
}

// output sends a record of the program's memory.
func (f *fn) output(rec, used *ir.Value) {
	f.b.Store(rec, 4, 4, used)
	failed, done := f.b.NewBlock("full"), f.b.NewBlock("sent")
	ret := f.b.Call(ir.HelperRingbufOutput, f.b.MapPtr(object.EventsMap), rec, used, f.b.Const(0))
	f.b.Branch(ret, failed, done)
	f.enter(failed)
	f.countLost(object.LostEvents)
	f.b.Jump(done)
	f.enter(done)
}

// appendBuffer stores the bytes that are in a buffer at an address and returns their number: at most size.
func (f *fn) appendBuffer(dst *ir.Value, fl field, size int) *ir.Value {
	var v stdlib.Value
	if fl.v != nil {
		v = *fl.v
	} else {
		v = f.expr(fl.e)
	}
	n := f.clamp(f.b.Load(v.V, 0, 4, false), int64(size))
	f.b.Call(ir.HelperProbeReadKernel, dst, n, f.b.AddImm(v.V, 4))
	return n
}

// appendString stores a string at an address and returns the number of bytes used, the NUL included: at most size.
func (f *fn) appendString(dst *ir.Value, fl field, size int) *ir.Value {
	if text, ok := f.textOf(fl.e); ok {
		f.putText(dst, 0, text, min(size, len(text)+1))
		return f.b.Const(int64(min(size, len(text)+1)))
	}
	var v stdlib.Value
	if fl.v != nil {
		v = *fl.v
	} else {
		v = f.exprInto(fl.e, dst)
	}
	if v.V == dst && v.Len != nil {
		return f.clamp(v.Len, int64(size))
	}
	if v.Len != nil { // cut with one byte to spare: without a NUL where it was cut
		n := f.clamp(v.Len, int64(size))
		f.b.Call(ir.HelperProbeReadKernel, dst, n, v.V)
		return n
	}
	ret := f.b.Call(ir.HelperProbeReadKernelStr, dst, f.b.Const(int64(size)), v.V)
	return f.clamp(ret, int64(size))
}

// Exit ends the script: the flag is set first, so that the exit is not lost even if the ring buffer is full.
func (f *fn) Exit(code stdlib.Arg) {
	if f.pinned() {
		f.Refuse("a pinned iterator has no exit(): return ends the action for an object")
	}
	e := object.Event{Kind: object.EventExit, Place: f.module.place(f.b.Span)}
	flag := f.b.Const(1)
	var fill func(rec *ir.Value)
	if code != nil {
		n := f.b.Extend(code.Lower().V, 4, false)
		flag = f.b.AddImm(n, 1)
		e.Fields = []object.EventField{{Type: types.Int32}}
		fill = func(rec *ir.Value) {
			f.b.Store(rec, header, 4, n)
			f.b.Store(rec, header+4, 4, f.b.Const(0))
		}
	}
	layoutEvent(&e)
	f.b.Store(f.b.MapValue(object.DataMap, object.DataExited), 0, 8, flag)
	f.reserve(f.eventID(e), header+e.FixedSize, func(rec *ir.Value) {
		if fill != nil {
			fill(rec)
		}
	})
	f.endProgram()
}

// runtimeError sends a warning about the place where the program is.
func (f *fn) runtimeError(at diag.Span, message string) {
	e := object.Event{Kind: object.EventRuntimeError, Message: message, Place: f.module.place(at)}
	f.reserve(f.eventID(e), header, func(*ir.Value) {})
}

// Warn sends a warning with values that are scalars.
func (f *fn) Warn(format string, values ...stdlib.Value) {
	e := object.Event{Kind: object.EventWarnf, Format: format, Place: f.module.place(f.span())}
	for _, v := range values {
		e.Fields = append(e.Fields, object.EventField{Type: v.Type})
	}
	layoutEvent(&e)
	f.reserve(f.eventID(e), header+e.FixedSize, func(rec *ir.Value) {
		f.padRecord(rec, e)
		for i, v := range values {
			f.put(rec, int64(header+e.Fields[i].Offset), v, v.Type, false)
		}
	})
}

// helperError reports a helper that failed, with its return code.
func (f *fn) helperError(h ir.Helper, ret *ir.Value) {
	e := object.Event{
		Kind: object.EventRuntimeError, Helper: h.String(), Place: f.module.place(f.span()),
		Fields: []object.EventField{{Type: types.Int32}},
	}
	layoutEvent(&e)
	f.reserve(f.eventID(e), header+e.FixedSize, func(rec *ir.Value) {
		f.b.Store(rec, header, 4, ret)
		f.b.Store(rec, header+4, 4, f.b.Const(0))
	})
}
