package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/stdlib"
)

// storage is where a scratch variable lives: numbers and pointers in SSA form, others in a slot or, in functions, at an address
// in the caller's memory. In the callback of a loop the variables around it are reached through the loop's frame.
type storage struct {
	v    ir.Variable
	slot *ir.Slot
	addr *ir.Value
	cell *cell
}

// cell is a word in the frame of a loop: the value of a variable, or its address.
type cell struct {
	loop *callback
	off  int64
	// address is set where the cell has the variable's address.
	address bool
}

// storage returns where a variable lives. Slots are set to zero where the variable is declared.
func (f *fn) storage(v *check.Var) storage {
	st, ok := f.vars[v]
	if ok {
		return st
	}
	if isScalar(v.Type) && !v.Addressed {
		st.v = f.b.NewVariable(ir.I64)
	} else {
		st.slot = f.b.NewSlot("$"+v.Name, types.Align(max(1, types.Sizeof(v.Type)), 8), 8)
	}
	f.vars[v] = st
	return st
}

// inMemory reports whether a variable has an address.
func (s storage) inMemory() bool {
	return s.slot != nil || s.addr != nil || s.cell != nil && s.cell.address
}

// addressOf returns where a variable is that is in memory.
func (f *fn) addressOf(v *check.Var) *ir.Value {
	switch st := f.storage(v); {
	case st.cell != nil:
		p := f.b.Load(f.frames[st.cell.loop], st.cell.off, 8, false)
		p.Type = ir.Ptr
		return p
	case st.addr != nil:
		return st.addr
	default:
		return f.b.SlotAddr(st.slot)
	}
}

// readVar returns the number or pointer in a variable.
func (f *fn) readVar(v *check.Var) *ir.Value {
	st := f.storage(v)
	switch {
	case st.inMemory():
		return f.b.Load(f.addressOf(v), 0, width(v.Type), types.IsSigned(v.Type))
	case st.cell != nil:
		return f.b.Load(f.frames[st.cell.loop], st.cell.off, 8, false)
	}
	return f.b.Use(st.v)
}

// writeVar gives a variable a number or pointer.
func (f *fn) writeVar(v *check.Var, x *ir.Value) {
	st := f.storage(v)
	switch {
	case st.inMemory():
		if st.cell != nil {
			x = f.open(v.Type, x)
		}
		f.b.Store(f.addressOf(v), 0, width(v.Type), x)
	case st.cell != nil:
		f.b.Store(f.frames[st.cell.loop], st.cell.off, 8, f.open(v.Type, x))
	default:
		f.b.Define(st.v, x)
	}
}

// variable reads a scratch variable.
func (f *fn) variable(e *ast.VarExpr) stdlib.Value {
	v := f.info.Vars[e]
	if f.isArgs(v.Type) {
		return f.Args()
	}
	if isScalar(v.Type) {
		return stdlib.Value{V: f.readVar(v), Type: forget(v.Type)}
	}
	return stdlib.Value{V: f.addressOf(v), Type: v.Type, Loose: isLoose(v.Type)}
}
