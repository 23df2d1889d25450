package check

import (
	"regexp"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
)

// Info is the result of checking: the typed tree. Trees of programs are private clones, so every expression has one type.
type Info struct {
	File *diag.File
	// Types has the type of every expression in Programs. Integer literals have the type that their context gave them; other
	// operands keep their own, and are converted where they are used. A map with an aggregate has the aggregate's type also where
	// it stands for a number (types.Number). `args` has the *types.Struct itself. Keys that are a tuple have the type of the
	// map's keys, their elements their own. Bare words that are arguments (a stack's mode) are Void.
	Types map[ast.Expr]types.Type
	// Consts has the value of expressions that are known at compile time: literals, positional parameters, sizeof, enumerators,
	// folded arithmetic of literals. Lowering uses it before looking at the expression itself.
	Consts map[ast.Expr]Const
	// Chosen has the arm of a choice (a ? b : c, if used as a value) whose condition is known. It may be of another type than the
	// other arm, which has no value then.
	Chosen map[ast.Expr]ast.Expr
	// Words has the bare words of arguments that are calls, or variables and maps that a call was assigned to.
	Words map[ast.Expr]string
	// Vars resolves every VarExpr to its variable.
	Vars map[*ast.VarExpr]*Var
	// Calls has the signature of every CallExpr and of every Ident that is a builtin.
	Calls map[ast.Expr]*types.Signature
	// Fields resolves every FieldExpr on a struct to the way to the field: outermost first, through anonymous members.
	Fields map[*ast.FieldExpr][]types.Field
	// Funcs has the function of every CallExpr that calls one of the script.
	Funcs map[*ast.CallExpr]*Func
	// Externals has the function of every CallExpr that calls one of an imported object file.
	Externals map[*ast.CallExpr]*External
	// Maps are all script maps, sorted by name.
	Maps []*Map
	// Programs are what is compiled, in the order of the script.
	Programs []*Program
	Config   Config
	// OptionHelp lists the script's options where the command line asks for that instead of a run.
	OptionHelp string
	// Kernel returns a type of the kernel by keyword ("struct") and name.
	Kernel func(keyword, name string) (types.Type, error)
	// Symbol returns the address of a kernel symbol.
	Symbol func(name string) (uint64, bool)
	// UserSymbol returns a function or variable of the program or library that a probe is in.
	UserSymbol func(p attach.Probe, name string) (UserSymbol, error)
}

// Const is a value known at compile time: an integer, or a string if IsStr.
type Const struct {
	Int   int64
	Str   string
	IsStr bool
}

// Var is a scratch variable. Variables of inner blocks that share a name are different Vars.
type Var struct {
	Name string
	// Type is the type of the slot: the widest that is assigned to it.
	Type types.Type
	// Addressed is set where the script takes the variable's address.
	Addressed bool
}

// Func is a function of the script as one program calls it: its body is a clone for that program, typed for what its probe
// offers.
type Func struct {
	Name string
	Decl *ast.FuncDecl
	// Params are the variables that the parameters are.
	Params []*Var
	// Result is the type of the value; Void if there is none.
	Result types.Type
	Body   *ast.Block
}

// Map is a script map.
type Map struct {
	// Name is as in the script, "@" included.
	Name string
	// Key is nil for scalar maps, and a Tuple for several keys.
	Key   types.Type
	Value types.Type
	// First is where the map is used first.
	First diag.Span
	// MaxEntries is the number of keys it can hold.
	MaxEntries int
	// Kind is the kind of kernel map that a declaration asks for: hash, lruhash, percpuhash, percpulruhash; empty if there is none.
	Kind string
}

// Program is one body to compile and the probes that it is attached to: all those of a declaration for which the code is
// the same.
type Program struct {
	Decl *ast.ProbeDecl
	// Predicate and Body are clones of the declaration's.
	Predicate ast.Expr // or nil
	Body      *ast.Block
	Probes    []attach.Probe
	Context   *attach.Context
	// Point is the attach point that the probes come from.
	Point *ast.AttachPoint
}

// Config is the script's configuration after defaults, environment and config block.
type Config struct {
	MaxStrlen, MaxMapKeys, MaxProbes, MaxPrograms, MaxCatBytes, LogSize, OnStackLimit int
	StackMode, MissingProbes, StrTruncTrailer, License, CacheUserSymbols              string
	PrintMapsOnExit, CppDemangle, LazySymbolication, ShowDebugInfo                    bool
	// UseBlazesym is kept for scripts that ask for it: gtrace has one way to name addresses, with debug information where that is asked for.
	UseBlazesym bool
	// UnstableImport, UnstableTseries, UnstableTypeinfo and UnstableDwUstack say what becomes of a script that uses that part of the
	// language: it runs (enable), with a warning (warn), or is refused (error).
	UnstableImport, UnstableTseries, UnstableTypeinfo, UnstableDwUstack string
	// RingBufPages is the size of the ring buffer in pages; 0 lets the runtime choose.
	RingBufPages int
}

// NamedParam is an option of the script as it was given: --name=value, or --name alone.
type NamedParam struct {
	Name, Value string
	// HasValue is set where a value is written, be it empty.
	HasValue bool
}

// Options is what the checker is told besides the script.
type Options struct {
	// Params are the positional parameters.
	Params []string
	// Include returns the header of a name that the C part includes, in angle brackets or quotes, in a file; fs.ErrNotExist means
	// that there is none. Nil means that there are no headers but the system's. Headers are included before the script.
	Include func(name string, angled bool, by *diag.File) (*diag.File, error)
	Headers []string
	// ParseExpr reads text that is an expression of the language, or returns nil if it is none: macros of the C part may stand for
	// one. Nil means that none does.
	ParseExpr func(*diag.File) ast.Expr
	// Named are the named parameters, for getopt.
	Named []NamedParam
	// Env are config settings of the environment by config name (max_strlen); they win over the script's.
	Env map[string]string
	// Filter matches the names of the probes that are to run, besides begin and end; nil stands for all.
	Filter *regexp.Regexp
	// Unsafe allows unsafe builtins.
	Unsafe bool
	// PID is the process of -p or -c, or 0. Child is set where it is that of -c.
	PID       int
	Child     bool
	Builtins  Builtins
	Providers Providers
	Host      Host
	// Externals are the functions of imported object files; nil if there are none.
	Externals Externals
	// Maps are maps that exist already (interactive session): their types are fixed.
	Maps []*Map
	// WideMaps gives the integers in new maps 64 bits, in keys too: in an interactive session, what a map will have to hold is
	// not known when it is first assigned to. MapStrings is the least size of the strings in new maps; 0 for what they need.
	WideMaps   bool
	MapStrings int
	// PerPoint gives each attach point programs of its own, so that what the kernel counts of a program is of one attach point. Otherwise those
	// of a probe share programs where their code is the same.
	PerPoint bool
}

// Builtins knows the builtins.
type Builtins interface {
	// Signature returns the builtin of that name.
	Signature(name string) (*types.Signature, bool)
	// Names returns the names of all builtins, sorted.
	Names() []string
}

// Providers knows the probe types.
type Providers interface {
	// Provider returns the provider of a probe type by its name, short name or old spelling, in any case.
	Provider(name string) (Provider, bool)
	// Names returns the canonical names of all probe types, sorted.
	Names() []string
}

// Provider is one probe type.
type Provider interface {
	// Name is the canonical name: "kprobe".
	Name() string
	// Resolve expands an attach point, wildcards included, to the probes that it stands for, sorted by name. An error is a
	// *PointError where it is about the attach point's text or target.
	Resolve(attach.Point, ResolveOptions) ([]attach.Match, error)
}

// ResolveOptions narrow what an attach point stands for.
type ResolveOptions struct {
	// PID restricts user-space and timer probes to a process; 0 for all.
	PID int
	// NeedArgs is set where the body uses `args`: contexts must have them, at the price of reading type information.
	NeedArgs bool
	Unsafe   bool
}

// PointError says what is wrong with an attach point.
type PointError struct {
	// Part is the index of the part that is wrong (0 is the type), or -1 for the whole.
	Part    int
	Code    diag.Code
	Message string
	Hint    string
}

// Error returns the message.
func (e *PointError) Error() string { return e.Message }

// CgroupHost is a Host that knows cgroups.
type CgroupHost interface {
	// CgroupID returns the id of the cgroup at a path of the unified hierarchy.
	CgroupID(path string) (uint64, error)
}

// UserSymbol is a function or variable of a program or library.
type UserSymbol struct {
	// Addr is its address as the file gives it.
	Addr, Size uint64
	// Fixed is set for programs that are loaded where the file says.
	Fixed bool
	// Probe is the address of the probe as the file gives it, where the file is not loaded there.
	Probe uint64
}

// UserHost is a Host that knows programs and libraries.
type UserHost interface {
	// UserSymbol returns a function or variable of the program or library that a probe is in.
	UserSymbol(p attach.Probe, name string) (UserSymbol, error)
}

// KfuncHost is a Host that knows the kernel's functions for programs.
type KfuncHost interface {
	// Kfunc reports whether the kernel has a function for programs, and whether those of a kind may call it.
	Kfunc(kind attach.Kind, name string) (exists, allowed bool)
}

// Host knows the types of the kernel.
type Host interface {
	// TypeByName returns the kernel's struct, union, enum (keyword "struct", "union", "enum") or typedef (keyword ""). The error is
	// ErrNoType if the kernel has no such type.
	TypeByName(keyword, name string) (types.Type, error)
	// EnumValue returns the value of an enumerator of the kernel and its type.
	EnumValue(name string) (int64, types.Type, bool)
	// TypeNames returns all names for a keyword, for suggestions.
	TypeNames(keyword string) []string
	// SymbolAddress returns the address of a kernel symbol; ok is false if there is none.
	SymbolAddress(name string) (addr uint64, ok bool)
}
