package opt

import "github.com/gtrace/gtrace/codegen/ir"

// passParams removes block parameters that are the same value on every edge, as the construction of SSA form leaves them.
// It removes unreachable blocks first, since their edges carry values that never arrive.
func passParams(f *ir.Func) bool {
	changed := removeUnreachable(f)
	var renames ir.Renames
	dead := map[*ir.Value]bool{}
	in := edges(f)
	for again := true; again; {
		again = false
		for _, b := range f.Blocks[1:] {
			for i, p := range b.Params {
				if dead[p] {
					continue
				}
				if x := onlyArg(p, i, in[b.ID], &renames); x != nil {
					renames.Replace(p, atParam(f, p, x))
					dead[p], again = true, true
				}
			}
		}
	}
	if len(dead) == 0 {
		return changed
	}
	removeParams(f, dead)
	renames.Apply(f)
	return true
}

// onlyArg returns the value that all edges but those of a loop around p give to it; nil if there are several.
func onlyArg(p *ir.Value, i int, in []*ir.Target, renames *ir.Renames) *ir.Value {
	var only *ir.Value
	for _, e := range in {
		x := renames.Find(e.Args[i])
		switch {
		case x == p:
		case only == nil:
			only = x
		case !sameValue(x, only):
			return nil
		}
	}
	return only
}

// atParam returns x in a form that is defined in p's block: equal constants of several edges become a new one.
func atParam(f *ir.Func, p, x *ir.Value) *ir.Value {
	if x.Op != ir.OpConst {
		return x
	}
	c := newConst(f, p, x.Imm, x.Type)
	insert(p.Block, 0, c)
	return c
}
