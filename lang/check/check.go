package check

import (
	"fmt"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/cdef"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

// checker is the state of one run of Check. The passes are methods in files of their own, in this order: cdef, config,
// replace, funcs, attach, limits, comptime, resolve, types.
type checker struct {
	prog  *ast.Program
	opts  Options
	diags *diag.List
	info  *Info
	// cdefs is what the C part of the script defines.
	cdefs *cdef.Unit
	// wrongC is set if that part has errors: a type that it should have defined is not missed as well.
	wrongC bool

	// vars and maps are the slots that values are stored in; mapOrder has the maps in the order of their first use.
	vars     map[*Var]*slot
	varOrder []*Var
	maps     map[string]*scriptMap
	mapOrder []*scriptMap
	// words and mapWords are the bare words of the calls that were assigned last to variables and maps.
	words    map[*Var]string
	mapWords map[string]string
	// unresolved is set once an attach point was refused: its body is not checked, so maps that only it assigns to are unknown.
	unresolved bool
	// tooManyPrograms is set once that is reported.
	tooManyPrograms bool
	// once are the attach points of probes that a script may have but once, by the probe's name.
	once map[string]*ast.AttachPoint
	// badMaps are uses of maps that the resolve pass has reported.
	badMaps map[*ast.MapExpr]bool
	// literals are the expressions that are integer literals or folded from them: they take the type that is asked for.
	literals map[ast.Expr]bool
	// options are the script's options, which getopt names.
	options options
	// defining are the macros of the C part that are being replaced, and defines the number of uses that were.
	defining []string
	defines  int
	// undecided are conditions of the compiler's that are not known yet: what depends on them is passed over.
	undecided map[ast.Node]bool
	// warnedTypeinfo is set once the use of typeinfo was warned of.
	warnedTypeinfo bool
	// names caches what the host said about names.
	names map[string]enumerator
	// measuring is set in what sizeof and offsetof are about, which is not run.
	measuring bool

	// warnedOf are the unstable features that the script was told of.
	warnedOf map[string]bool

	// funcs are the functions of the script, funcOrder in the order of their declaration; versions are what their calls come to.
	funcs     map[string]*function
	funcOrder []*function
	versions  map[versionKey]*version
	// bodies are the bodies of versions, and bodyOrder the versions in the order in which they were made first.
	bodies    map[versionKey]*ast.Block
	bodyOrder []versionKey
	// queue are versions that were called in this round and are not typed yet; rounds counts the rounds. fn is the version that is
	// being typed, or nil, and lone the program of functions that no program calls.
	queue  []*version
	rounds int
	fn     *version
	lone   *Program

	// report is set in the last round of the types pass: before it, types are not final and nothing is said.
	report bool
	// program is the program being typed, and env what its probe offers.
	program *Program
	env     types.Env
	// argCopies are the structs that hold copies of args, by the args.
	argCopies map[*types.Struct]*types.Struct
	// grown are tuples and records that became too large.
	grown map[ast.Expr]bool
	// loops is the number of loops around the statement being typed.
	loops int
	// copies is how often unroll repeats the statement being typed; 0 outside of it.
	copies int
}

// Check checks a script. The result describes what of it makes sense, even if diags has errors afterwards; nothing may be
// compiled from it then. An error means that the world failed, not the script.
func Check(prog *ast.Program, opts Options, diags *diag.List) (*Info, error) {
	c := newChecker(prog, opts, diags)
	c.passCdef()
	c.passConfig()
	c.passReplace()
	if c.info.OptionHelp != "" {
		return c.info, nil
	}
	c.passFuncs()
	if err := c.passAttach(); err != nil {
		return nil, fmt.Errorf("resolve attach points: %w", err)
	}
	c.passLimits()
	c.passComptime()
	c.passResolve()
	c.passTypes()
	c.finish()
	c.passFilter()
	c.info.Kernel, c.info.Symbol, c.info.UserSymbol = c.kernelType, c.kernelSymbol, c.userSymbol
	return c.info, nil
}

func newChecker(prog *ast.Program, opts Options, diags *diag.List) *checker {
	c := &checker{
		prog: prog, opts: opts, diags: diags,
		info:   &Info{File: prog.File},
		names:  map[string]enumerator{},
		funcs:  map[string]*function{},
		once:   map[string]*ast.AttachPoint{},
		bodies: map[versionKey]*ast.Block{},
		lone:   &Program{Context: &attach.Context{Stack: true}, Probes: []attach.Probe{{Provider: "begin"}}, Body: &ast.Block{}},
	}
	c.reset()
	return c
}

// reset forgets what is known of variables, maps, expressions and calls.
func (c *checker) reset() {
	c.info.Types = map[ast.Expr]types.Type{}
	c.info.Consts = map[ast.Expr]Const{}
	c.info.Chosen = map[ast.Expr]ast.Expr{}
	c.info.Words = map[ast.Expr]string{}
	c.words, c.mapWords = map[*Var]string{}, map[string]string{}
	c.info.Vars = map[*ast.VarExpr]*Var{}
	c.info.Calls = map[ast.Expr]*types.Signature{}
	c.info.Fields = map[*ast.FieldExpr][]types.Field{}
	c.info.Funcs = map[*ast.CallExpr]*Func{}
	c.info.Externals = map[*ast.CallExpr]*External{}
	c.vars, c.varOrder = map[*Var]*slot{}, nil
	c.maps, c.mapOrder = map[string]*scriptMap{}, nil
	c.badMaps = map[*ast.MapExpr]bool{}
	c.literals = map[ast.Expr]bool{}
	c.warnedOf = map[string]bool{}
	c.grown = map[ast.Expr]bool{}
	c.argCopies = map[*types.Struct]*types.Struct{}
	c.versions = map[versionKey]*version{}
}

// errorf reports an error, in the last round of the types pass only. It returns a diagnostic to add a hint to.
func (c *checker) errorf(span diag.Span, code diag.Code, format string, args ...any) *diag.Diagnostic {
	if !c.report {
		return &diag.Diagnostic{}
	}
	return c.diags.Errorf(span, code, format, args...)
}

// warnf is errorf for warnings.
func (c *checker) warnf(span diag.Span, code diag.Code, format string, args ...any) *diag.Diagnostic {
	if !c.report {
		return &diag.Diagnostic{}
	}
	return c.diags.Warnf(span, code, format, args...)
}

// suggest adds the nearest of the names as a hint, if one is near.
func suggest(d *diag.Diagnostic, name string, names []string) {
	if d.Dropped() {
		return
	}
	if near := diag.Nearest(name, names); near != "" {
		d.Hintf("did you mean %s?", near)
	}
}
