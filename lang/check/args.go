package check

import (
	"slices"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
)

// isArgs reports whether a type is that of `args` as a whole: fields of the context, which stay where they are until they are kept.
func (c *checker) isArgs(t types.Type) bool {
	s, ok := t.(*types.Struct)
	return ok && c.program.Context.Args == s
}

// kept returns the type of a value that leaves the place where it was computed: it is stored, compared or printed. That of `args` is a
// copy of its fields.
func (c *checker) kept(e ast.Expr, t types.Type) types.Type {
	if !c.isArgs(t) {
		return t
	}
	s := c.copyOfArgs(t.(*types.Struct))
	c.info.Types[e] = s
	return s
}

// copyOfArgs returns the struct that holds a copy of args; it is one and the same for all probes with these args.
func (c *checker) copyOfArgs(args *types.Struct) *types.Struct {
	if s := c.argCopies[args]; s != nil {
		return s
	}
	fresh := &types.Struct{Name: args.Name}
	members := args.Members()
	list := make([]types.Type, len(members))
	for i, f := range members {
		list[i] = c.copiedField(f)
	}
	offsets, size, _ := types.TupleLayout(list)
	for i, f := range members {
		fresh.Fields = append(fresh.Fields, types.Field{Name: f.Name, Type: list[i], Offset: offsets[i]})
	}
	fresh.Size, fresh.Align = types.Align(size, 8), 8
	c.argCopies[args] = c.knownCopy(fresh)
	return c.argCopies[args]
}

// copiedField is the type of a field in a copy. Data that lies behind the fields of an event comes along.
func (c *checker) copiedField(f types.Field) types.Type {
	if f.DataLoc {
		if p, ok := f.Type.(types.Pointer); ok && types.Equal(p.Elem, types.Int8) {
			return types.String{Size: c.info.Config.MaxStrlen}
		}
		return types.Buffer{Size: c.info.Config.MaxStrlen}
	}
	if p, ok := f.Type.(types.Pointer); ok {
		p.Trusted = false
		if p.Space == types.SpaceNone {
			p.Space = c.space()
		}
		return p
	}
	return f.Type
}

// knownCopy returns the copy that another probe, or an earlier input of a session, made of the same args, or else this one.
func (c *checker) knownCopy(fresh *types.Struct) *types.Struct {
	for _, s := range c.argCopies {
		if sameCopy(s, fresh) {
			return s
		}
	}
	for _, m := range c.mapOrder {
		for _, t := range []types.Type{m.key.fixed, m.value.fixed} {
			if s, ok := t.(*types.Struct); ok && sameCopy(s, fresh) {
				return s
			}
		}
	}
	return fresh
}

// sameCopy reports whether two structs hold copies of the same args.
func sameCopy(a, b *types.Struct) bool {
	return a.Name == b.Name && a.Size == b.Size && slices.EqualFunc(a.Members(), b.Members(), func(x, y types.Field) bool {
		return x.Name == y.Name && x.Offset == y.Offset && x.Type.String() == y.Type.String()
	})
}
