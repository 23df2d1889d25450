package repl

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Arg is what a command takes, for completion.
type Arg string

// The kinds of arguments.
const (
	ArgNone    Arg = ""
	ArgPattern Arg = "pattern" // of probes
	ArgType    Arg = "type"
	ArgMap     Arg = "map"
	ArgGroup   Arg = "group" // a number, or all
	ArgFile    Arg = "file"
	ArgTool    Arg = "tool" // a file or a packaged tool
	ArgScript  Arg = "script"
	ArgConfig  Arg = "config"
	ArgFormat  Arg = "format"
	ArgCommand Arg = "command"
	ArgTime    Arg = "time"
	ArgDef     Arg = "definition"
)

// Command describes a command.
type Command struct {
	// Name and Short are without their colon; Short may be empty.
	Name, Short string
	// Usage shows the arguments, Doc is what it does, in one line, and More the rest.
	Usage, Doc, More string
	Arg              Arg

	run func(r *repl, ctx context.Context, args string) error
}

// Commands returns all commands, by topic.
func Commands() []Command {
	return []Command{
		{
			Name: "list", Short: "l", Usage: "[-v] PATTERN", Doc: "list the probes that match a pattern", Arg: ArgPattern, run: (*repl).cmdList,
			More: "With -v their arguments as well. Examples: :list tracepoint:sched:*   :list *tcp*connect*",
		},
		{Name: "args", Short: "a", Usage: "PROBE", Doc: "show a probe's arguments", Arg: ArgPattern, run: (*repl).cmdArgs},
		{
			Name: "type", Short: "t", Usage: "NAME", Doc: "show a type of the kernel", Arg: ArgType, run: (*repl).cmdType,
			More: "Examples: :type struct task_struct   :type union sigval   :type pid_t",
		},
		{Name: "probes", Short: "p", Doc: "list the probes that run", run: (*repl).cmdProbes},
		{Name: "pause", Usage: "N|all", Doc: "detach probes and keep them", Arg: ArgGroup, run: (*repl).cmdPause},
		{Name: "resume", Usage: "N|all", Doc: "attach paused probes again", Arg: ArgGroup, run: (*repl).cmdResume},
		{
			Name: "stop", Short: "s", Usage: "N|all", Doc: "run the end probes of groups and remove them", Arg: ArgGroup, run: (*repl).cmdStop,
			More: "Their maps stay. `:stop all` is the way to silence everything.",
		},
		{
			Name: "cost", Usage: "[TIME]", Doc: "measure what the probes cost in events and time", Arg: ArgTime, run: (*repl).cmdCost,
			More: "Measures for a second, or as long as it is told: :cost 500ms. Needs CAP_SYS_ADMIN.",
		},
		{Name: "maps", Short: "m", Doc: "list the maps, their types and sizes", run: (*repl).cmdMaps},
		{
			Name: "watch", Short: "w", Usage: "@MAP… [TIME]", Doc: "show maps again and again until Ctrl-C", Arg: ArgMap, run: (*repl).cmdWatch,
			More: "Every second, or as often as it is told: :watch @reads 500ms",
		},
		{Name: "clear", Short: "c", Usage: "@MAP…|all", Doc: "delete the entries of maps", Arg: ArgMap, run: (*repl).cmdClear},
		{
			Name: "drop", Usage: "@MAP…|all", Doc: "forget maps: their names can have other types", Arg: ArgMap, run: (*repl).cmdDrop,
			More: "No probe may use them any more.",
		},
		{
			Name: "load", Usage: "FILE|TOOL [ARG…]", Doc: "run a script or a packaged tool in the background", Arg: ArgTool, run: (*repl).cmdLoad,
			More: "Without an argument, the packaged tools are listed.",
		},
		{
			Name: "save", Usage: "FILE", Doc: "write definitions and probes as a script", Arg: ArgFile, run: (*repl).cmdSave,
			More: "A file that exists already is only replaced with -f: :save -f FILE",
		},
		{
			Name: "defs", Doc: "list the definitions that stay", run: (*repl).cmdDefs,
			More: "C definitions, macros, functions, declarations of maps that are not there yet, imports, config.",
		},
		{Name: "undef", Usage: "NAME|all", Doc: "forget definitions", Arg: ArgDef, run: (*repl).cmdUndef},
		{
			Name: "ir", Usage: "N|TEXT", Doc: "show the intermediate code of probes, optimised", Arg: ArgScript, run: (*repl).cmdIR,
			More: "N is the number of probes that run; TEXT is compiled and not run: :ir kprobe:vfs_read { @ = count(); }",
		},
		{
			Name: "asm", Usage: "N|TEXT", Doc: "show the instructions of probes", Arg: ArgScript, run: (*repl).cmdAsm,
			More: "N is the number of probes that run; TEXT is compiled and not run.",
		},
		{
			Name: "set", Usage: "[NAME=VALUE]", Doc: "set a config variable, or list those that are set", Arg: ArgConfig, run: (*repl).cmdSet,
			More: "Example: :set max_strlen=200",
		},
		{Name: "format", Short: "f", Usage: "text|json", Doc: "choose the format of output", Arg: ArgFormat, run: (*repl).cmdFormat},
		{Name: "output", Short: "o", Usage: "FILE|-", Doc: "write output to a file, or here again", Arg: ArgFile, run: (*repl).cmdOutput},
		{Name: "sleep", Usage: "TIME", Doc: "wait, in scripts of a session", Arg: ArgTime, run: (*repl).cmdSleep},
		{Name: "help", Short: "h", Usage: "[COMMAND]", Doc: "explain the commands", Arg: ArgCommand, run: (*repl).cmdHelp},
		{Name: "quit", Short: "q", Doc: "leave: end probes run, and the maps are printed", run: (*repl).cmdQuit},
	}
}

// bare are the words that are commands without a colon.
var bare = map[string]string{"help": "help", "?": "help", "quit": "quit", "exit": "quit", "q": "quit"}

// isCommand reports whether an input is a command.
func isCommand(text string) bool {
	text = strings.TrimSpace(text)
	_, word := bare[text]
	return word || strings.HasPrefix(text, ":")
}

// command runs a command.
func (r *repl) command(ctx context.Context, text string) error {
	if name, ok := bare[text]; ok {
		text = ":" + name
	}
	name, args := text[1:], ""
	if i := strings.IndexAny(name, " \t\n"); i >= 0 {
		name, args = name[:i], strings.TrimSpace(name[i:])
	}
	c, err := findCommand(name)
	if err != nil {
		return err
	}
	return c.run(r, ctx, args)
}

var errNoCommand = errors.New("there is no command")

// findCommand returns the command of a name, a short form, or the only one that begins so.
func findCommand(name string) (Command, error) {
	if name == "?" {
		name = "help"
	}
	all := Commands()
	var found []Command
	var names []string
	for _, c := range all {
		if name == c.Name || name != "" && name == c.Short {
			return c, nil
		}
		if strings.HasPrefix(c.Name, name) && name != "" {
			found = append(found, c)
			names = append(names, ":"+c.Name)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return Command{}, fmt.Errorf("%w :%s; :help lists them", errNoCommand, name)
	}
	return Command{}, fmt.Errorf(":%s may be %s", name, strings.Join(names, " or "))
}

func (r *repl) cmdQuit(context.Context, string) error {
	r.leaving = true
	return nil
}

func (r *repl) cmdHelp(_ context.Context, args string) error {
	if args != "" {
		c, err := findCommand(strings.TrimPrefix(args, ":"))
		if err != nil {
			return err
		}
		r.say("%s\n  %s\n", usage(c), upper(c.Doc)+".")
		if c.More != "" {
			r.say("  %s\n", c.More)
		}
		return nil
	}
	r.say("Type probes to run them in the background, statements to run them at once, or an expression to see its value:\n" +
		"  kprobe:vfs_read { @reads[comm] = count(); }      print(@reads, 5)      1 << 20\n" +
		"A line that is not complete goes on in the next; an empty line ends it. Commands begin with a colon:\n")
	for _, c := range Commands() {
		r.say("  %-24s %s\n", usage(c), c.Doc)
	}
	r.say(":help COMMAND tells more. Ctrl-C clears the line or stops what prints, :stop all stops all probes, Ctrl-D leaves.\n")
	return nil
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// usage shows a command with its short form and arguments.
func usage(c Command) string {
	s := ":" + c.Name
	if c.Short != "" {
		s += ", :" + c.Short
	}
	if c.Usage != "" {
		s += " " + c.Usage
	}
	return s
}

func (r *repl) cmdList(ctx context.Context, args string) error {
	pattern, verbose := strings.CutPrefix(args, "-v")
	pattern = strings.TrimSpace(pattern)
	if pattern == "" {
		return errors.New("which probes? for example :list tracepoint:sched:*")
	}
	return r.list(ctx, pattern, verbose)
}

func (r *repl) cmdArgs(ctx context.Context, args string) error {
	if args == "" {
		return errors.New("of which probe? for example :args tracepoint:sched:sched_switch")
	}
	return r.list(ctx, args, true)
}

// list writes a listing, which may be long: Ctrl-C ends it.
func (r *repl) list(ctx context.Context, pattern string, verbose bool) error {
	n, err := r.opts.World.ListProbes(stoppable{ctx, r.err}, pattern, verbose)
	if err != nil {
		return err
	}
	if n == 0 {
		r.say("No probes match %s\n", pattern)
	}
	return nil
}

func (r *repl) cmdType(ctx context.Context, args string) error {
	if args == "" {
		return errors.New("which type? for example :type struct task_struct")
	}
	return r.opts.World.ShowType(stoppable{ctx, r.err}, args)
}

// sortedKeys returns the keys of a map, sorted.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
