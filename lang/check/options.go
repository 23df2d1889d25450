package check

import (
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

// option is an option of the script.
type option struct {
	name string
	// def is the default: a bool, a string, or a constInt.
	def any
	// text is the description; described is set where there is one.
	text      string
	described bool
}

// options are the options of the script in the order of their first use.
type options struct {
	all    []*option
	byName map[string]*option
	// failed are options whose value was refused already.
	failed map[string]bool
}

// The codes of what is wrong with a getopt and with an option that was given.
const (
	codeGetopt diag.Code = "bad-getopt"
	codeOption diag.Code = "bad-option"
)

// getopt replaces a use of getopt by the option's value.
func (c *checker) getopt(e *ast.CallExpr) ast.Expr {
	bad := &ast.BadExpr{Place: e.Place}
	o, ok := c.declareOption(e)
	if !ok {
		return bad
	}
	switch def := o.def.(type) {
	case bool:
		if v, ok := c.boolOption(o, def); ok {
			return &ast.BoolLit{Place: e.Place, Value: v}
		}
	case string:
		if v, ok := c.textOption(o, def); ok {
			return &ast.StringLit{Place: e.Place, Value: v}
		}
	case constInt:
		if v, ok := c.intOption(o, def); ok {
			return optionNumber(e.Place, v, def.negative)
		}
	}
	return bad
}

// optionNumber is a number of 64 bits, signed if its default or the number itself is negative.
func optionNumber(at ast.Place, v constInt, signed bool) ast.Expr {
	var x ast.Expr = &ast.IntLit{Place: at, Value: uint64(v.bits), Text: strconv.FormatUint(uint64(v.bits), 10)}
	name := "uint64"
	if v.negative {
		abs := uint64(-v.bits)
		x = &ast.UnaryExpr{Place: at, Op: ast.Neg, X: &ast.IntLit{Place: at, Value: abs, Text: strconv.FormatUint(abs, 10)}}
	}
	if signed || v.negative {
		name = "int64"
	}
	return &ast.CastExpr{Place: at, Type: &ast.NamedType{Place: at, Name: name}, X: x}
}

// declareOption enters the option that a getopt names; every getopt that names it has to say the same of it.
func (c *checker) declareOption(e *ast.CallExpr) (*option, bool) {
	o := &option{def: false}
	n := len(e.Args)
	if n < 1 || n > 3 {
		c.diags.Errorf(e.At, codeGetopt, "The 'getopt' function can take a maximum of three arguments and a minimum of one argument.")
		return nil, false
	}
	name, ok := e.Args[0].(*ast.StringLit)
	if !ok {
		c.diags.Errorf(e.Args[0].Span(), codeGetopt, "First argument to 'getopt' must be a string literal.")
		return nil, false
	}
	o.name = name.Value
	if n > 1 {
		if o.def, ok = c.optionDefault(e.Args[1]); !ok {
			c.diags.Errorf(e.Args[1].Span(), codeGetopt,
				"Second argument to 'getopt' must be a string literal, integer literal, or a boolean literal.")
			return nil, false
		}
	}
	if n > 2 {
		text, ok := e.Args[2].(*ast.StringLit)
		if !ok {
			c.diags.Errorf(e.Args[2].Span(), codeGetopt, "Function 'getopt' requires the third parameter to be a string literal.")
			return nil, false
		}
		o.text, o.described = text.Value, true
	}
	return c.enterOption(e, o)
}

func (c *checker) enterOption(e *ast.CallExpr, o *option) (*option, bool) {
	old, ok := c.options.byName[o.name]
	switch {
	case !ok:
		if c.options.byName == nil {
			c.options.byName, c.options.failed = map[string]*option{}, map[string]bool{}
		}
		c.options.byName[o.name] = o
		c.options.all = append(c.options.all, o)
		return o, true
	case old.def != o.def:
		c.diags.Errorf(e.At, codeGetopt, "Command line option '%s' needs to have the same default value in all places it is used. "+
			"Previous default value: %s", o.name, old.defaultText())
		return nil, false
	case old.described != o.described || old.text != o.text:
		c.diags.Errorf(e.At, codeGetopt, "Command line option '%s' must have the same description in all places it's used. "+
			"Hint: You can wrap it in a macro", o.name)
		return nil, false
	}
	return old, true
}

func (o *option) defaultText() string {
	switch v := o.def.(type) {
	case bool:
		return strconv.FormatBool(v)
	case constInt:
		return v.big().String()
	case string:
		return v
	}
	panic("BUG: check: unexpected default of an option")
}

// optionDefault returns the value of a literal, or of literals computed with each other.
func (c *checker) optionDefault(e ast.Expr) (any, bool) {
	literal := true
	ast.Walk(e, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.IntLit, *ast.BoolLit, *ast.StringLit, *ast.PosParam, *ast.UnaryExpr, *ast.BinaryExpr, *ast.ComptimeExpr:
		default:
			literal = false
		}
		return literal
	})
	if !literal {
		return nil, false
	}
	t := c.expr(e)
	if _, ok := t.(types.Bool); ok {
		return c.info.Consts[e].Int != 0, true
	}
	if s, ok := c.constantText(e); ok {
		return s, true
	}
	v, ok := c.constant(e)
	return v, ok
}

// given returns what the command line says of an option, the last time it does.
func (c *checker) given(o *option) (p NamedParam, ok bool) {
	for _, n := range c.opts.Named {
		if n.Name == o.name {
			p, ok = n, true
		}
	}
	if !p.HasValue {
		p.Value = "true"
	}
	return p, ok
}

// refuse reports, once, an option whose value cannot be used.
func (c *checker) refuse(o *option, what, value string) {
	if !c.options.failed[o.name] {
		c.options.failed[o.name] = true
		c.diags.Errorf(diag.Span{}, codeOption, "program command line option --%s %s (value: %s)", o.name, what, value)
	}
}

func (c *checker) boolOption(o *option, def bool) (bool, bool) {
	p, ok := c.given(o)
	if !ok {
		return def, true
	}
	switch strings.ToLower(p.Value) {
	case "true", "yes", "on", "1":
		return true, true
	case "false", "no", "off", "0":
		return false, true
	}
	c.refuse(o, "expects a boolean (e.g. 'true')", p.Value)
	return false, false
}

func (c *checker) textOption(o *option, def string) (string, bool) {
	p, ok := c.given(o)
	switch {
	case !ok:
		return def, true
	case !p.HasValue:
		c.refuse(o, "expects a string", p.Value)
		return "", false
	}
	return p.Value, true
}

func (c *checker) intOption(o *option, def constInt) (constInt, bool) {
	p, ok := c.given(o)
	switch {
	case !ok:
		return def, true
	case !p.HasValue:
		c.refuse(o, "expects an integer", p.Value)
		return constInt{}, false
	}
	v, what := numberText(p.Value)
	if what == "" && def.negative && v.tooLarge() {
		what = "value is out of range"
	}
	if what != "" {
		c.refuse(o, what, p.Value)
		return constInt{}, false
	}
	return v, true
}

// checkOptions reports what the command line gives and the script does not ask for, and what it asks for if that is asked.
func (c *checker) checkOptions() {
	var unknown []string
	help := false
	for _, n := range c.opts.Named {
		switch {
		case c.options.byName[n.Name] != nil:
		case n.Name == "help":
			help = true
		default:
			unknown = append(unknown, n.Name)
		}
	}
	if len(unknown) > 0 {
		d := c.diags.Errorf(diag.Span{}, codeOption, "unexpected program command line options: %s", joinOptions(unknown))
		d.Hint = c.optionList(help)
		return
	}
	c.info.OptionHelp = ""
	if help {
		c.info.OptionHelp = c.optionList(true)
	}
}

// optionList says which options the script has: their names in a line, or each in a line of its own with its description.
func (c *checker) optionList(long bool) string {
	if len(c.options.all) == 0 {
		return "no custom program options defined."
	}
	names := make([]string, len(c.options.all))
	lines := ""
	for i, o := range c.options.all {
		names[i] = o.name
		lines += "\n--" + o.name
		if o.described {
			lines += ": " + o.text
		}
	}
	if long {
		return "expected program options:" + lines
	}
	return "expected program options: " + joinOptions(names)
}
