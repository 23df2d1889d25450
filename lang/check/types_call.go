package check

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
)

// call types a call. assigned is set where it is the whole value of a plain assignment to a map, the place for aggregates.
func (c *checker) call(e *ast.CallExpr, assigned bool) types.Type {
	if f := c.funcs[e.Func]; f != nil {
		return c.userCall(e, f)
	}
	if f, ok := c.external(e.Func); ok {
		return c.externalCall(e, f)
	}
	sig, ok := c.opts.Builtins.Signature(e.Func)
	if !ok {
		for _, a := range e.Args {
			c.expr(a)
		}
		if c.report {
			suggest(c.errorf(e.At, "unknown-function", "Unknown function: '%s'", e.Func), e.Func, c.functionNames())
		}
		return types.Invalid{}
	}
	if sig.Aggregate && !assigned {
		c.errorf(e.At, "aggregate-place", "%s() must be assigned directly to a map", e.Func).Hintf("@ = %s(…)", e.Func)
		c.builtin(e, e.Func, sig, e.Args)
		return types.Invalid{}
	}
	return c.builtin(e, e.Func, sig, e.Args)
}

// functionNames are the names of all that can be called.
func (c *checker) functionNames() []string {
	names := c.opts.Builtins.Names()
	for _, f := range c.funcOrder {
		names = append(names[:len(names):len(names)], f.decl.Name)
	}
	if c.opts.Externals != nil {
		names = append(names[:len(names):len(names)], c.opts.Externals.ExternalNames()...)
	}
	return names
}

// builtin types a use of a builtin, called or not. e is the use.
func (c *checker) builtin(e ast.Expr, name string, sig *types.Signature, args []ast.Expr) types.Type {
	c.info.Calls[e] = sig
	if sig.Unsafe && !c.opts.Unsafe {
		c.errorf(e.Span(), "unsafe", "%s() is an unsafe function being used in safe mode", name).Hintf("use --unsafe")
		return types.Invalid{}
	}
	if !c.checkNeeds(e, name, sig) || !c.checkStable(e, name, sig) {
		return types.Invalid{}
	}
	typed, ok := c.args(e, name, sig, args)
	if !ok {
		return types.Invalid{}
	}
	if typed == nil {
		return nil
	}
	t := sig.Result
	if sig.ResultOf != nil {
		var err error
		if t, err = sig.ResultOf(typed, c.env); err != nil {
			span := e.Span()
			if wrong := (*types.ArgError)(nil); errors.As(err, &wrong) {
				span = args[wrong.Arg].Span()
			}
			c.errorf(span, "bad-argument", "%s", err)
			return types.Invalid{}
		}
	}
	if sig.Advice != nil {
		if text := sig.Advice(typed); text != "" {
			c.warnf(e.Span(), "advice", "%s", text)
		}
	}
	if sig.Fold != nil {
		if v, known := sig.Fold(typed, c.env); known {
			if !c.checkLength(e.Span(), v.Str) {
				return types.Invalid{}
			}
			c.info.Consts[e] = Const(v)
		}
	}
	return t
}

// checkStable warns of builtins that may still change, or refuses them, as the script's config says.
func (c *checker) checkStable(e ast.Expr, name string, sig *types.Signature) bool {
	if sig.Unstable == "" {
		return true
	}
	if sig.UnstableAs != "" {
		name = sig.UnstableAs
	}
	switch c.info.Config.unstable(sig.Unstable) {
	case "error":
		c.errorf(e.Span(), "unstable", "%s feature is not enabled by default. To enable this unstable feature, set the config flag to enable. %s=enable", name, sig.Unstable)
		return false
	case "warn":
		if !c.report || c.warnedOf[sig.Unstable] {
			return true
		}
		c.warnedOf[sig.Unstable] = true
		c.warnf(e.Span(), "unstable", "Script is using an unstable feature: %s. To prevent this warning you must explicitly enable it in the config e.g. %s=enable", name, sig.Unstable)
	}
	return true
}

// unstable returns the value of a config variable for a part of the language that may still change.
func (c *Config) unstable(name string) string {
	switch name {
	case types.UnstableTSeries:
		return c.UnstableTseries
	case types.UnstableDwUstack:
		return c.UnstableDwUstack
	}
	panic("BUG: check: unexpected config variable " + name)
}

// checkNeeds reports builtins that the probe does not offer.
func (c *checker) checkNeeds(e ast.Expr, name string, sig *types.Signature) bool {
	if c.program == nil { // in the types of a function's parameters, which are those of all probes that call it
		if sig.Needs != "" {
			c.diags.Errorf(e.Span(), "not-here", "The %s builtin can not be used in the types of a function's parameters", name)
		}
		return sig.Needs == ""
	}
	ctx, probe := c.program.Context, c.program.Probes[0].Provider
	if c.program == c.lone && sig.Needs != "" {
		return false // which probe it would be is open
	}
	switch sig.Needs {
	case "", "probe":
		return true
	case "args":
		if ctx.Args != nil {
			return true
		}
		c.errorf(e.Span(), "not-here", "The args builtin can only be used with tracepoint, rawtracepoint, fentry/fexit, and uprobe probes "+
			"(%s used here)", probe)
	case "argn":
		if c.hasArg(name) {
			return true
		}
		c.missingArg(e, name)
	case "retval":
		if ctx.Retval != nil {
			return true
		}
		d := c.errorf(e.Span(), "not-here", "The retval builtin can only be used with 'kretprobe' and 'uretprobe' and 'fentry' probes")
		if ctx.Args != nil {
			d.Hintf("try args.ret")
		}
	case "ctx":
		switch {
		case ctx.Ctx != nil:
			return true
		case probe == "tracepoint":
			c.errorf(e.Span(), "not-here", "Use args instead of ctx in tracepoint")
		default:
			c.errorf(e.Span(), "not-here", "The ctx builtin can not be used with '%s' probes", probe)
		}
	case "func":
		if ctx.Func != "" {
			return true
		}
		c.errorf(e.Span(), "not-here", "The func builtin can not be used with '%s' probes", probe)
	case "stack":
		if ctx.Stack {
			return true
		}
		c.errorf(e.Span(), "not-here", "The %s builtin can not be used with '%s' probes", name, probe)
	default:
		c.errorf(e.Span(), "not-here", "The %s builtin can not be used with '%s' probes", name, probe)
	}
	return false
}

// hasArg reports whether the probe has an argument arg0, arg1, ….
func (c *checker) hasArg(name string) bool {
	for i := range c.program.Context.ArgN {
		if name == fmt.Sprintf("arg%d", i) {
			return true
		}
	}
	return false
}

func (c *checker) missingArg(e ast.Expr, name string) {
	n := len(c.program.Context.ArgN)
	if n == 0 {
		c.errorf(e.Span(), "not-here", "The %s builtin can only be used with 'kprobes', 'uprobes' and 'usdt' probes", name)
		return
	}
	c.errorf(e.Span(), "not-here", "%s: %s has arguments arg0 to arg%d only", name, c.program.Probes[0].Name, n-1)
}

// args types the arguments of a use and checks them against the parameters. The result is nil without an error where
// one's type is not known yet; ok is false after an error.
func (c *checker) args(e ast.Expr, name string, sig *types.Signature, args []ast.Expr) (typed []types.Arg, ok bool) {
	if !c.arity(e, name, sig, len(args)) {
		c.strayArgs(args)
		return nil, false
	}
	typed, ok = []types.Arg{}, true
	known := true
	for i, a := range args {
		kind := types.ParamAny
		if i < len(sig.Params) {
			kind = sig.Params[i].Kind
		}
		arg, fine := c.arg(argument{call: e, name: name, sig: sig, args: args, index: i}, kind, a)
		ok = ok && fine
		known = known && arg.Type != nil
		typed = append(typed, arg)
	}
	if ok && sig.Format > 0 && known {
		ok = c.format(e, name, sig, args)
	}
	if !known {
		return nil, ok
	}
	return typed, ok
}

// strayArgs types the arguments of a call that is wrong as a whole, for what is wrong inside of them. Bare words and maps
// may be meant as such.
func (c *checker) strayArgs(args []ast.Expr) {
	for _, a := range args {
		m, isMap := a.(*ast.MapExpr)
		_, isWord := a.(*ast.Ident)
		if !isWord && (!isMap || m.Key != nil) {
			c.expr(a)
		}
	}
}

// arity checks the number of arguments.
func (c *checker) arity(e ast.Expr, name string, sig *types.Signature, n int) bool {
	low, high := 0, len(sig.Params)
	for _, p := range sig.Params {
		if !p.Optional {
			low++
		}
	}
	switch {
	case n < low && (low < high || sig.Variadic):
		c.errorf(e.Span(), "arguments", "%s() requires at least %s (%d provided)", name, counted(low), n)
	case n < low || n > high && low == high && !sig.Variadic:
		c.errorf(e.Span(), "arguments", "%s() requires %s (%d provided)", name, counted(low), n)
	case n > high && !sig.Variadic:
		c.errorf(e.Span(), "arguments", "%s() takes up to %s (%d provided)", name, counted(high), n)
	default:
		return true
	}
	return false
}

func counted(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "one argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// argument is one argument of a use, for messages about it.
type argument struct {
	call  ast.Expr
	name  string
	sig   *types.Signature
	args  []ast.Expr
	index int
}

// arg types an argument for a kind of parameter.
func (c *checker) arg(a argument, kind types.ParamKind, e ast.Expr) (types.Arg, bool) {
	switch kind {
	case types.ParamMap, types.ParamMapElem, types.ParamMapOr:
		return c.mapArg(a, kind, e)
	case types.ParamMapKey:
		return c.keyArg(a, e)
	case types.ParamVar:
		return c.varArg(a, e)
	case types.ParamType:
		return c.typeArg(a, e)
	case types.ParamMember:
		return c.memberArg(a, e)
	case types.ParamName, types.ParamNameInt:
		if id, ok := e.(*ast.Ident); ok {
			c.info.Types[e] = types.Void{}
			return types.Arg{Type: types.Void{}, Name: id.Name}, true
		}
	case types.ParamText, types.ParamDigits:
		if p, ok := e.(*ast.PosParam); ok && !p.Count {
			if v, _ := c.param(p.N); !c.checkLength(a.call.Span(), v) {
				return types.Arg{}, false
			}
			c.info.Types[e] = c.posParam(p, true)
			return c.typedArg(e, c.info.Types[e]), true
		}
		if s, ok := e.(*ast.StringLit); ok && kind == types.ParamDigits { // what is left of it counts
			c.info.Types[e] = c.text(s, s.Value)
			return c.typedArg(e, c.info.Types[e]), true
		}
	case types.ParamLitString:
		if lit, ok := e.(*ast.StringLit); ok && a.sig.Format == a.index+1 {
			c.info.Types[e] = c.text(lit, lit.Value) // a format may be longer than a string
			return c.typedArg(e, c.info.Types[e]), true
		}
	case types.ParamAny, types.ParamInt, types.ParamPointer, types.ParamString, types.ParamLitInt:
	default:
		panic("BUG: check: unexpected kind of parameter")
	}
	t := c.expr(e)
	if kind == types.ParamDigits && c.isDigits(a, e, t) {
		t = c.digits(e, t)
	}
	arg := c.typedArg(e, t)
	if t == nil {
		return arg, true
	}
	if types.IsInvalid(t) {
		return arg, false
	}
	return arg, c.checkArg(a, kind, e, t)
}

// isDigits reports whether an argument is a literal number that stands for its digits, as it does in str(): a number that was
// given a type is an address, and so is one that a length goes with which is not literal.
func (c *checker) isDigits(a argument, e ast.Expr, t types.Type) bool {
	if len(a.args) > a.index+1 {
		if _, ok := a.args[a.index+1].(*ast.IntLit); !ok {
			return false
		}
	}
	if _, ok := e.(*ast.CastExpr); ok {
		return false
	}
	_, isInt := t.(types.Int)
	k, isConst := c.info.Consts[e]
	return isInt && isConst && !k.IsStr
}

// digits makes a literal number the text of its digits.
func (c *checker) digits(e ast.Expr, t types.Type) types.Type {
	n := c.info.Consts[e].Int
	text := strconv.FormatInt(n, 10)
	if i, ok := t.(types.Int); ok && !i.Signed {
		text = strconv.FormatUint(uint64(n), 10)
	}
	c.info.Types[e] = c.text(e, text)
	return c.info.Types[e]
}

// typedArg is an argument as ResultOf sees it.
func (c *checker) typedArg(e ast.Expr, t types.Type) types.Arg {
	a := types.Arg{Type: t}
	if k, ok := c.info.Consts[e]; ok {
		a.Const, a.Int, a.Str = true, k.Int, k.Str
	}
	if a.Word = c.word(e); a.Word != "" {
		c.info.Words[e] = a.Word
	}
	return a
}

// word returns the bare word that is given to a call, or to the call whose value was assigned last to a variable or map.
func (c *checker) word(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.CallExpr:
		if len(e.Args) > 0 {
			if word, ok := e.Args[0].(*ast.Ident); ok {
				return word.Name
			}
		}
	case *ast.VarExpr:
		return c.words[c.info.Vars[e]]
	case *ast.MapExpr:
		return c.mapWords[e.Name]
	default: // nothing else is remembered
	}
	return ""
}

// checkArg checks a value against a kind of parameter.
func (c *checker) checkArg(a argument, kind types.ParamKind, e ast.Expr, t types.Type) bool {
	_, isString := t.(types.String)
	_, isPointer := t.(types.Pointer)
	_, isArray := t.(types.Array)
	_, isNumber := c.number(t)
	k, isConst := c.info.Consts[e]
	ok, wants := false, ""
	switch kind {
	case types.ParamAny:
		ok, wants = !types.Equal(t, types.Void{}) || a.sig.Variadic, "expects a value"
	case types.ParamInt:
		ok, wants = isNumber, "only supports int arguments"
	case types.ParamPointer:
		ok, wants = isPointer || isArray || isNumber, "expects an integer or pointer argument"
	case types.ParamText, types.ParamDigits:
		ok, wants = isPointer || isArray || isNumber || isString, "expects a string, integer or a pointer type as first argument"
	case types.ParamString:
		ok, wants = isString, "expects a string argument"
	case types.ParamLitString:
		ok, wants = isConst && k.IsStr, "expects a string literal"
	case types.ParamLitInt, types.ParamNameInt:
		ok, wants = isConst && !k.IsStr, "expects a int literal"
	case types.ParamName:
		wants = fmt.Sprintf("expects the name of a %s", a.sig.Params[a.index].Name)
	case types.ParamMap, types.ParamMapElem, types.ParamMapOr, types.ParamMapKey, types.ParamVar, types.ParamType, types.ParamMember:
		panic("BUG: check: an argument of a kind of its own")
	default:
		panic("BUG: check: unexpected kind of parameter")
	}
	if !ok {
		c.errorf(a.call.Span(), "bad-argument", "%s() %s (%s provided)", a.name, wants, kindWord(t))
	}
	return ok
}

// mapArg types a map that is an argument.
func (c *checker) mapArg(a argument, kind types.ParamKind, e ast.Expr) (types.Arg, bool) {
	m, isMap := e.(*ast.MapExpr)
	whole := isMap && m.Key == nil
	switch {
	case kind == types.ParamMapOr && !whole:
		return c.valueArg(a, e)
	case !isMap || kind == types.ParamMap && !whole:
		c.expr(e)
		c.errorf(e.Span(), "bad-argument", "%s() expects a map argument", a.name)
		return types.Arg{}, false
	}
	if !whole {
		return c.elemArg(a, m)
	}
	s := c.maps["@"+m.Name]
	if !s.used {
		c.info.Types[e] = types.Invalid{}
		if c.unresolved {
			return types.Arg{}, false
		}
		d := c.errorf(e.Span(), "undefined-map", "Undefined map: @%s", m.Name)
		if c.report {
			suggest(d, s.m.Name, c.mapNames())
		}
		return types.Arg{}, false
	}
	if kind == types.ParamMapElem && !c.wholeElem(a, e, s) {
		return types.Arg{}, false
	}
	s.read = true
	t := s.value.typ()
	c.info.Types[e] = t
	ref := types.ScalarMap
	if s.keyed {
		ref = types.KeyedMap
	}
	return types.Arg{Type: t, Map: ref}, t == nil || !types.IsInvalid(t)
}

func (c *checker) mapNames() []string {
	var out []string
	for _, m := range c.mapOrder {
		if m.used {
			out = append(out, m.m.Name)
		}
	}
	return out
}

// wholeElem checks a map without key where one of its elements is meant: it is a scalar, or its key is the next argument.
func (c *checker) wholeElem(a argument, e ast.Expr, s *scriptMap) bool {
	keyFollows := len(a.args) > a.index+1
	switch {
	case s.keyed && !keyFollows:
		c.errorf(a.call.Span(), "map-kind", "call to %s() with a single argument expects a map without explicit keys (scalar map)", a.name).
			Hintf("%s(%s, key) removes one key, clear(%s) all", a.name, e.Span().Text(), e.Span().Text())
	case !s.keyed && keyFollows:
		c.errorf(a.call.Span(), "map-kind", "call to %s() with two arguments expects a map with explicit keys (non-scalar map)", a.name)
	default:
		return true
	}
	c.info.Types[e] = types.Invalid{}
	return false
}

// elemArg types @m[key] where an element of a map is wanted.
func (c *checker) elemArg(a argument, m *ast.MapExpr) (types.Arg, bool) {
	t := c.expr(m)
	if len(a.args) > a.index+1 {
		c.errorf(a.call.Span(), "bad-argument", "%s() takes a key with the map or as an argument of its own, not both", a.name)
		return types.Arg{}, false
	}
	return types.Arg{Type: t}, t == nil || !types.IsInvalid(t)
}

// keyArg types the key of the map that is the argument before.
func (c *checker) keyArg(a argument, e ast.Expr) (types.Arg, bool) {
	m, ok := a.args[a.index-1].(*ast.MapExpr)
	t := c.keyType(e)
	if !ok || m.Key != nil {
		return types.Arg{Type: t}, false
	}
	s := c.maps["@"+m.Name]
	if s.used && !s.keyed && a.sig.Params[a.index-1].Kind == types.ParamMap {
		c.errorf(a.call.Span(), "map-kind", "call to %s() expects a map with explicit keys (non-scalar map)", a.name)
		return types.Arg{}, false
	}
	if s.used && s.keyed {
		c.storeKey(s, a.call, e, t)
	}
	return types.Arg{Type: t}, t == nil || !types.IsInvalid(t)
}

// valueArg types a value where a map may stand as well.
func (c *checker) valueArg(a argument, e ast.Expr) (types.Arg, bool) {
	t := c.expr(e)
	if t == nil {
		return types.Arg{}, true
	}
	if types.IsInvalid(t) {
		return types.Arg{}, false
	}
	if n := len(a.args); n > 1 {
		c.errorf(a.call.Span(), "arguments", "Non-map %s() only takes 1 argument, %d found", a.name, n)
		return types.Arg{}, false
	}
	if c.isArgs(t) && c.program.Probes[0].Provider == "tracepoint" {
		c.errorf(a.call.Span(), "not-printable", "%s type passed to %s() is not printable", t, a.name)
		return types.Arg{}, false
	}
	t = c.kept(e, t)
	switch t := t.(type) {
	case types.Hist, types.LHist, types.TSeries:
		c.errorf(a.call.Span(), "bad-argument", "Map type %s cannot %s the value of individual keys. You must %s the whole map.", t, a.name, a.name)
	case types.Void:
		c.errorf(a.call.Span(), "not-printable", "%s type passed to %s() is not printable", printedName(t), a.name)
	default:
		return c.typedArg(e, t), true
	}
	return types.Arg{}, false
}

func printedName(t types.Type) string {
	if _, void := t.(types.Void); void {
		return "none"
	}
	return t.String()
}
