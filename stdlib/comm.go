package stdlib

import (
	"errors"
	"fmt"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/types"
)

// The kernel's functions that find a task, and that give it back.
const (
	taskFromPID = "bpf_task_from_pid"
	taskRelease = "bpf_task_release"
)

// commType refuses comm(pid) where the kernel has what it needs but not for programs of this kind.
func commType(args []types.Arg, env types.Env) (types.Type, error) {
	name := types.String{Size: commSize}
	if len(args) == 0 {
		return name, nil
	}
	if _, ok := args[0].Type.(types.Int); !ok {
		//lint:ignore ST1005 these are bpftrace's words
		return nil, errors.New("Only integer supported for comm()'s pid")
	}
	if env.Kfunc == nil {
		return name, nil
	}
	if exists, allowed := env.Kfunc(taskFromPID); exists && !allowed {
		//lint:ignore ST1005 these are bpftrace's words
		return nil, fmt.Errorf("Syntax comm(PID) is not supported in this probe type yet. Type: %s", probeType(env))
	}
	return name, nil
}

// lowerComm makes the name zero first: 6.1 and other kernels, from strncpy being replaced by strscpy there until strscpy_pad
// came in its place, leave what is behind the NUL as it was, and a key must not depend on that.
func lowerComm(e Emitter, c Call) Value {
	b := e.Builder()
	dst := c.Dest(e)
	for off := int64(0); off < commSize; off += 8 {
		b.Store(dst, off, 8, b.Const(0))
	}
	b.Call(ir.HelperGetCurrentComm, dst, b.Const(commSize))
	return Value{V: dst, Type: c.Result}
}

// lowerCommOf borrows the task of an id from the kernel for as long as its name is read.
func lowerCommOf(e Emitter, c Call) Value {
	if !e.Need(target.TaskFromPID, "comm(pid)") {
		return lowerComm(e, c)
	}
	b := e.Builder()
	c.Into = c.Dest(e)
	pid := b.Extend(c.Args[0].Lower().V, 4, true)
	found, missing, done := b.NewBlock("task"), b.NewBlock("no_task"), b.NewBlock("comm")
	task := b.Kfunc(taskFromPID, ir.Ptr, pid)
	b.Branch(task, found, missing)
	b.Seal(found)
	b.SetBlock(found)
	e.TaskMember(c, task, "comm")
	b.Kfunc(taskRelease, ir.None, task)
	b.Jump(done)
	b.Seal(missing)
	b.SetBlock(missing)
	e.Warn("No such process (pid=%d)", Value{V: pid, Type: types.Int32})
	b.Store(c.Into, 0, 8, b.Const(word("N/A")))
	b.Store(c.Into, 8, 8, b.Const(0))
	b.Jump(done)
	b.Seal(done)
	b.SetBlock(done)
	return Value{V: c.Into, Type: c.Result, Loose: true}
}
