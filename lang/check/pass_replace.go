package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

// passReplace puts values in the place of what stands for them: options of the script for getopt, the configuration for config.
// The config pass must have run; everything after it sees the values.
func (c *checker) passReplace() {
	r := &ast.Rewriter{}
	r.Expr = func(x ast.Expr) (ast.Expr, bool) { return c.replace(r, x) }
	for _, d := range c.prog.Decls {
		r.Decl(d)
	}
	c.checkOptions()
}

// maxDefines bounds the number of uses of macros of the C part that stand for expressions, those within each other counted.
const maxDefines = 10_000

// define puts the expression in the place of a name that the C part defines to one. Constants stay names, and builtins that are
// written bare win.
func (c *checker) define(r *ast.Rewriter, x *ast.Ident) (ast.Expr, bool) {
	if sig, ok := c.opts.Builtins.Signature(x.Name); ok && (!sig.Call || sig.BareOK) {
		return x, false
	}
	text, ok := c.cdefs.MacroText(x.Name)
	if c.defines > maxDefines && ok {
		return &ast.BadExpr{Place: x.Place}, true
	}
	if _, constant := c.cdefs.Const(x.Name); !ok || constant || c.opts.ParseExpr == nil || slices.Contains(c.defining, x.Name) {
		return x, false
	}
	if c.defines++; c.defines > maxDefines {
		if c.defines == maxDefines+1 {
			c.diags.Errorf(x.At.Written(), "macro-size", "the macros of the C part expand to more than %d expressions", maxDefines)
		}
		return &ast.BadExpr{Place: x.Place}, true
	}
	e := c.opts.ParseExpr(diag.NewFile(x.Name, text).Expanded(x.At))
	if e == nil {
		c.diags.Errorf(x.At, "bad-define", "unable to expand macro as an expression: %s", text)
		return &ast.BadExpr{Place: x.Place}, true
	}
	c.defining = append(c.defining, x.Name)
	e = r.Expression(e)
	c.defining = c.defining[:len(c.defining)-1]
	return e, true
}

func (c *checker) replace(r *ast.Rewriter, x ast.Expr) (ast.Expr, bool) {
	switch x := x.(type) {
	case *ast.CallExpr:
		if c.replacement(x.Func) == types.ReplacedOption {
			return c.getopt(x), true
		}
		if c.isConfig(x) {
			return c.configRecord(x.Place), true
		}
	case *ast.Ident:
		if c.isConfig(x) {
			return c.configRecord(x.Place), true
		}
		if b, ok := c.underlying(x); ok {
			return b, true
		}
		return c.define(r, x)
	case *ast.FieldExpr:
		if c.isConfig(x.X) {
			return c.configField(x), true
		}
	default: // nothing else stands for a value
	}
	return x, false
}

// underlying returns the builtin that a name with the prefix stands for: what bpftrace's own macros, and those that take their
// names, are made of.
func (c *checker) underlying(x *ast.Ident) (ast.Expr, bool) {
	name, ok := strings.CutPrefix(x.Name, "__builtin_")
	if !ok {
		return nil, false
	}
	sig, ok := c.opts.Builtins.Signature(name)
	if !ok || sig.Call && !sig.BareOK {
		return nil, false
	}
	return &ast.Ident{Place: x.Place, Name: name}, true
}

// isConfig reports whether an expression is the configuration, which may be written as a call.
func (c *checker) isConfig(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return c.replacement(e.Name) == types.ReplacedConfig
	case *ast.CallExpr:
		return len(e.Args) == 0 && c.replacement(e.Func) == types.ReplacedConfig
	default: // nothing else stands for it
	}
	return false
}

func (c *checker) replacement(name string) types.Replacement {
	if sig, ok := c.opts.Builtins.Signature(name); ok {
		return sig.Replaced
	}
	return types.ReplacedNot
}

// configFields returns the configuration as a script sees it, in the order in which bpftrace lists it.
func configFields(c *Config) (names []string, values []any) {
	for _, f := range []struct {
		name  string
		value any
	}{
		{"cpp_demangle", c.CppDemangle},
		{"lazy_symbolication", c.LazySymbolication},
		{"print_maps_on_exit", c.PrintMapsOnExit},
		{"use_blazesym", c.UseBlazesym},
		{"show_debug_info", c.ShowDebugInfo},
		{"log_size", c.LogSize},
		{"max_bpf_progs", c.MaxPrograms},
		{"max_cat_bytes", c.MaxCatBytes},
		{"max_map_keys", c.MaxMapKeys},
		{"max_probes", c.MaxProbes},
		{"max_strlen", c.MaxStrlen},
		{"on_stack_limit", c.OnStackLimit},
		{"perf_rb_pages", c.RingBufPages},
		{"str_trunc_trailer", c.StrTruncTrailer},
		{"unstable_import_statement", c.UnstableImport},
		{"unstable_tseries", c.UnstableTseries},
		{"unstable_typeinfo", c.UnstableTypeinfo},
		{"unstable_dw_ustack", c.UnstableDwUstack},
		{"missing_probes", c.MissingProbes},
		{"stack_mode", c.StackMode},
		{"license", c.License},
	} {
		names, values = append(names, f.name), append(values, f.value)
	}
	return names, values
}

// configRecord is the whole configuration.
func (c *checker) configRecord(at ast.Place) ast.Expr {
	names, values := configFields(&c.info.Config)
	r := &ast.RecordLit{Place: at}
	for i, name := range names {
		r.Fields = append(r.Fields, ast.RecordField{Place: at, Name: name, Value: literalFor(at, values[i])})
	}
	return r
}

// configField is one config variable.
func (c *checker) configField(x *ast.FieldExpr) ast.Expr {
	names, values := configFields(&c.info.Config)
	for i, name := range names {
		if name == x.Name {
			return literalFor(x.Place, values[i])
		}
	}
	suggest(c.diags.Errorf(x.At, "no-field", "Record does not contain a field named '%s'", x.Name), x.Name, names)
	return &ast.BadExpr{Place: x.Place}
}

// literalFor returns a literal with a value, which is a bool, an int or a string.
func literalFor(at ast.Place, value any) ast.Expr {
	switch v := value.(type) {
	case bool:
		return &ast.BoolLit{Place: at, Value: v}
	case int:
		return &ast.IntLit{Place: at, Value: uint64(v), Text: strconv.Itoa(v)}
	case string:
		return &ast.StringLit{Place: at, Value: v}
	}
	panic("BUG: check: unexpected kind of literal")
}

// joinOptions writes names of options as they are given.
func joinOptions(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = "--" + n
	}
	return strings.Join(out, ", ")
}
