package types

// Signature is what the checker needs to know of a builtin: its name, its parameters, its result and where it may stand.
type Signature struct {
	Name string
	// Doc is one sentence for the manual and for completion.
	Doc string
	// Params are the parameters in order; those with Optional set come last.
	Params []Param
	// Variadic allows any number of further arguments of any printable type (printf).
	Variadic bool
	// Result is the type of the value. Where it depends on the arguments, ResultOf is set instead.
	Result Type
	// ResultOf computes the result type from the arguments. It is called after the arguments were checked against Params.
	ResultOf func(args []Arg, env Env) (Type, error)
	// Fold computes the value of uses that are known at compile time; it may be nil. It is called after ResultOf.
	Fold func(args []Arg, env Env) (Folded, bool)
	// Advice returns a warning about a use, or ""; it may be nil.
	Advice func(args []Arg) string
	// Call is set for builtins that are called; without it the bare name is the whole expression. BareOK marks calls that may be
	// written without parentheses (kstack, nsecs, comm).
	Call, BareOK bool
	// Aggregate marks count(), sum() … hist(): only allowed as the value of a plain map assignment.
	Aggregate bool
	// Statement marks calls without a value that are only allowed as a statement of their own.
	Statement bool
	// Effect marks calls whose value is not all that they are made for.
	Effect bool
	// Leaves marks calls that do not come back.
	Leaves bool
	// Format is the index of the format string argument plus one; 0 for none.
	Format int
	// Unsafe requires --unsafe.
	Unsafe bool
	// Needs is what the probe must offer: "args", "argn", "retval", "func", "stack", "ctx"; "probe" is there always, but makes the
	// code differ from probe to probe. Empty for everywhere.
	Needs string
	// Unstable is the config variable that says whether scripts may use a builtin that may still change.
	Unstable string
	// UnstableAs is what messages about that call the builtin, if not by its name.
	UnstableAs string
	// Frames is set for builtins that ask stacks for the number of their frames.
	Frames bool
	// Reports is set for builtins that may send messages of their own at run time, which come before what their value is sent with.
	Reports bool
	// Replaced marks names that the checker puts something else in the place of, before anything has a type.
	Replaced Replacement
}

// Replacement says what stands for a builtin.
type Replacement uint8

// The replacements.
const (
	ReplacedNot    Replacement = iota
	ReplacedOption             // the value of an option of the script: getopt()
	ReplacedConfig             // the configuration as a record
)

// Param is a parameter of a builtin.
type Param struct {
	Name string
	Kind ParamKind
	// Optional parameters may be left out.
	Optional bool
	// Words are the words that can be given, where there are only a few: modes, clocks, names of signals. For completion.
	Words []string
	// Names is what a string names that is given. For completion.
	Names NameKind
}

// NameKind is what a string can be the name of.
type NameKind uint8

// The kinds of names.
const (
	NamesNothing NameKind = iota
	NamesKernelSymbol
	NamesUserSymbol // of the program that the probe is in
	NamesFile
)

// ParamKind is what a parameter accepts.
type ParamKind uint8

// The kinds of parameters.
const (
	ParamAny     ParamKind = iota
	ParamInt               // integers, enums, booleans, castable aggregates
	ParamPointer           // pointers, arrays, and integers that hold an address
	ParamString            // any string value
	ParamLitString
	ParamLitInt
	ParamMap     // a map without key, by reference
	ParamMapElem // a map with or without key
	ParamMapKey  // a key of the map that is the parameter before
	ParamMapOr   // a map without key, by reference, or any value; only a map allows further arguments
	ParamName    // a bare word such as a clock
	ParamText    // pointers, arrays, integers that hold an address, and strings
	ParamDigits  // the same, but a literal number stands for its digits: what str() reads
	ParamNameInt // a bare word or a literal number: a stack's mode or depth
	ParamVar     // a scratch variable that gets a value of the map that is the first parameter
	ParamType    // a type: struct task_struct, typeof($x)
	ParamMember  // a member of the type that is the parameter before: comm, or files.count for one in a member
)

// Folded is a value known at compile time: an integer, or a string if IsStr.
type Folded struct {
	Int   int64
	Str   string
	IsStr bool
}

// ArgError is an error of ResultOf that is about one argument, by its index.
type ArgError struct {
	Arg int
	Err error
}

func (e *ArgError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong with the argument.
func (e *ArgError) Unwrap() error { return e.Err }

// Arg is an argument as ResultOf sees it.
type Arg struct {
	Type Type
	// Const is set when the value is known; then Int or Str holds it.
	Const bool
	Int   int64
	Str   string
	// Name is the word given for a ParamName, or the member for a ParamMember.
	Name string
	// Word is the bare word that is given to the call that is the argument: the clock of nsecs(tai).
	Word string
	// Map says what kind of map is given by reference.
	Map MapRef
}

// The config variables for builtins that may still change.
const (
	UnstableTSeries  = "unstable_tseries"   // time series
	UnstableDwUstack = "unstable_dw_ustack" // user stacks by call frame information
)

// MapRef is the kind of a map that is an argument by reference.
type MapRef uint8

// The kinds of maps by reference.
const (
	NoMap MapRef = iota // the argument is a value
	ScalarMap
	KeyedMap
)

// Env is what result types may depend on.
type Env struct {
	// MaxStrlen is the size of a string whose length is not known (config max_strlen).
	MaxStrlen int
	// StackMode is the default mode of stacks (config stack_mode).
	StackMode string
	// ArgN are the types of arg0, arg1, … at this probe; Retval, Args, Func and Probe those of the builtins of these names,
	// nil where the probe has none. Probe is a String that holds the name of the probe.
	ArgN                      []Type
	Retval, Args, Func, Probe Type
	// Ctx is the struct that the builtin ctx points to, nil where it cannot be used.
	Ctx Type
	// Provider is the canonical name of the probe's type: "kprobe".
	Provider string
	// Registers is set where the probe's context begins with the registers of the CPU (struct pt_regs).
	Registers bool
	// CgroupID returns the id of the cgroup at a path; it may be nil.
	CgroupID func(path string) (uint64, error)
	// Symbol returns the address of a kernel symbol; it may be nil.
	Symbol func(name string) (uint64, bool)
	// Kfunc reports whether the kernel has a function for programs, and whether this probe's may call it; it may be nil.
	Kfunc func(name string) (exists, allowed bool)
	// UserSymbol returns the size of a function or variable in the program or library that the probe is in.
	UserSymbol func(name string) (size int, err error)
	// Kernel returns a type of the kernel by keyword ("struct") and name; it may be nil.
	Kernel func(keyword, name string) (Type, error)
}
