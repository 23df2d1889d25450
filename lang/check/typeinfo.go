package check

import (
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
)

// typeinfo types typeinfo(x) while the compiler's conditions are being decided; it is a record afterwards.
func (c *checker) typeinfo(e *ast.TypeinfoExpr) types.Type {
	t := c.typeinfoType(e)
	if t == nil || types.IsInvalid(t) {
		return t
	}
	return c.expr(typeinfoRecord(e, t))
}

// typeinfo returns the record that stands for typeinfo(x), or nil while the type is not known.
func (d *decider) typeinfo(e *ast.TypeinfoExpr) ast.Expr {
	c := d.c
	if c.refusesTypeinfo(e) {
		d.decided = true
		return &ast.BadExpr{Place: e.Place}
	}
	if t := c.typeinfoType(e); t != nil && !types.IsInvalid(t) {
		d.decided = true
		return typeinfoRecord(e, t)
	}
	if !d.give {
		return nil
	}
	c.notComptime(e, e)
	return &ast.BadExpr{Place: e.Place}
}

// typeinfoType returns the type that typeinfo asks about. A map with keys, written without one, has that of its keys.
func (c *checker) typeinfoType(e *ast.TypeinfoExpr) types.Type {
	if x, ok := e.X.(*ast.MapExpr); ok && x.Key == nil {
		if m := c.maps["@"+x.Name]; m != nil && m.keyed {
			return m.key.typ()
		}
	}
	return c.operandType(e.X, e.Type)
}

// refusesTypeinfo reports a use of typeinfo that the configuration does not allow.
func (c *checker) refusesTypeinfo(e *ast.TypeinfoExpr) bool {
	switch c.info.Config.UnstableTypeinfo {
	case "enable":
		return false
	case "warn":
		if !c.warnedTypeinfo {
			c.warnedTypeinfo = true
			c.diags.Warnf(e.At, "unstable", "Script is using an unstable feature: typeinfo. "+
				"To prevent this warning you must explicitly enable it in the config e.g. unstable_typeinfo=enable")
		}
		return false
	}
	c.diags.Errorf(e.At, "unstable", "typeinfo feature is not enabled by default. To enable this unstable feature, "+
		"set the config flag to enable. unstable_typeinfo=enable")
	return true
}

// typeinfoRecord says what is known of a type. Types of the kernel's BTF have no number here, as they have none in most scripts:
// a script is compiled before it meets its kernel.
func typeinfoRecord(e *ast.TypeinfoExpr, t types.Type) *ast.RecordLit {
	field := func(name string, value ast.Expr) ast.RecordField {
		return ast.RecordField{Place: e.Place, Name: name, Value: value}
	}
	text := func(s string) ast.Expr { return &ast.StringLit{Place: e.Place, Value: s} }
	return &ast.RecordLit{Place: e.Place, Fields: []ast.RecordField{
		field("btf_id", &ast.IntLit{Place: e.Place, Text: "0"}),
		field("base_type", text(baseType(t))), field("full_type", text(fullType(t))),
	}}
}

// fullType names a type; a string's length is left out where it has none.
func fullType(t types.Type) string {
	if types.Equal(t, types.String{}) {
		return "string"
	}
	r, ok := t.(types.Record)
	if !ok {
		return t.String()
	}
	fields := make([]string, len(r.Fields))
	for i, f := range r.Fields {
		fields[i] = "." + f.Name + " = " + fullType(f.Type)
	}
	return "record { " + strings.Join(fields, ", ") + " }"
}

// baseType names the kind of a type.
func baseType(t types.Type) string {
	switch t.(type) {
	case types.Bool:
		return "bool"
	case types.Int, *types.Enum:
		return "int"
	case *types.Struct:
		return "c_type"
	default: // named by their own word
	}
	return kindWord(t)
}
