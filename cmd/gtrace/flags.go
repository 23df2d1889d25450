package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gtrace/gtrace/codegen/target"
)

// options are the command line, understood.
type options struct {
	program    string // -e
	hasProgram bool
	list       bool
	verbose    bool
	quiet      bool
	info       bool
	version    bool
	pid        int    // -p, or 0
	pidText    string // -p as written
	hasPID     bool
	dwarfPIDs  []int // --dwarf-pid
	dwarfTexts []string
	command    string
	hasCommand bool
	output     string
	format     string
	buffering  string
	warnings   bool // -k
	noWarnings bool
	unsafe     bool
	dryRun     bool
	formats    bool   // --fmt
	mode       string // --mode
	stages     []string
	test       bool
	bench      bool

	debugDirs []string // --debuginfo

	without     []string       // --no-feature
	traceable   string         // --traceable-functions
	filterText  string         // --probe-filter as written
	probeFilter *regexp.Regexp // --probe-filter, or nil

	include []string // -I
	headers []string // --include

	// args are the words after the options: file, pattern, positional parameters; named are those after "--".
	args, named []string
}

// stages that -d can print, in the order of the pipeline.
var dumpStages = []string{"ast", "types", "ir", "opt", "asm", "verifier"}

const usageLine = `gtrace [options] FILE [ARG...]
  gtrace [options] -e 'PROGRAM' [ARG...]
  gtrace [options] - [ARG...]            (script on standard input)
  gtrace [options]                       (interactive session)`

const usageExamples = `  gtrace -e 'tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }'
      count system calls by process name
  gtrace -e 'kprobe:tcp_retransmit_skb < @[comm] = count(); >'
      the same braces may be written < >
  gtrace -e 'tracepoint:syscalls:sys_enter_openat { printf("%s %s\n", comm, str(args.filename)); }'
      print every file that is opened
  gtrace -e 'profile:hz:99 { @[kstack] = count(); }'
      sample kernel stacks
  gtrace -c 'ls /' -e 'tracepoint:syscalls:sys_enter_* /pid == cpid/ { @[probe] = count(); }'
      trace a command
  gtrace -l '*sleep*'
      list probes`

// newCommand returns the command line parser; body is called with what it understood.
func newCommand(body func(*options) error) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:               usageLine,
		Short:             "gtrace - bpftrace without the compiler toolchain",
		Example:           usageExamples,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,

		DisableFlagsInUseLine: true,
		CompletionOptions:     cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:                  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.args = args
			if n := cmd.ArgsLenAtDash(); n >= 0 {
				o.args, o.named = args[:n], args[n:]
			}
			o.hasProgram, o.hasCommand = cmd.Flags().Changed("execute"), cmd.Flags().Changed("cmd")
			o.hasPID = cmd.Flags().Changed("pid")
			if err := o.check(); err != nil {
				return err
			}
			return body(o)
		},
	}
	cmd.SetUsageTemplate(usageTemplate)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err) })
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.program, "execute", "e", "", "run this `program`")
	f.BoolVarP(&o.list, "list", "l", false, "list the probes that match a pattern, or those of a script")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "say more; with -l, show the probes' arguments")
	f.StringVarP(&o.command, "cmd", "c", "", "run `command` and trace it; the script exits when it ends")
	f.StringVarP(&o.pidText, "pid", "p", "", "trace only the process `PID`; a script exits when it ends")
	f.StringArrayVar(&o.dwarfTexts, "dwarf-pid", nil, "let dw_ustack walk the stacks of the process `PID` too")
	f.StringVarP(&o.output, "output", "o", "", "write the script's output to `file`")
	f.StringVarP(&o.format, "format", "f", "text", "output `format`: text, json")
	f.StringVarP(&o.buffering, "buffer", "B", "", "output buffering `mode`: line, full, none")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print no messages but the script's output and errors")
	f.BoolVarP(&o.warnings, "warnings", "k", false, "report every failed read of memory, with its place")
	f.BoolVar(&o.noWarnings, "no-warnings", false, "print no warnings")
	f.StringArrayVarP(&o.include, "include-dir", "I", nil, "look for headers that the script includes in a `folder`")
	f.StringArrayVar(&o.headers, "include", nil, "include a `header` before the script")
	f.StringArrayVar(&o.debugDirs, "debuginfo", nil, "look for debug information of programs in `DIR[:DIR]` first")
	f.BoolVar(&o.unsafe, "unsafe", false, "allow builtins that change the system")
	f.StringSliceVar(&o.without, "no-feature", nil, "do without a `feature` of the kernel: kprobe_multi, kprobe_session, uprobe_multi")
	f.StringVar(&o.traceable, "traceable-functions", "", "read which functions of the kernel can be traced from `file`")
	f.StringVar(&o.filterText, "probe-filter", "", "run only probes whose name matches `regex`; begin and end always run")
	f.Bool("verify-llvm-ir", false, "understood for bpftrace's sake; there is no LLVM here, and what gtrace makes is always checked")
	f.Bool("usdt-file-activation", false, "usdt probes that are on in every process that has the file; they always are here")
	f.BoolVar(&o.dryRun, "dry-run", false, "attach all probes, then exit")
	f.BoolVar(&o.formats, "fmt", false, "print the script in gtrace's layout; with -o, write it to the file")
	f.StringVar(&o.mode, "mode", "", "do something else than run the script, as the options do: `test`, bench, format, codegen (compile only)")
	f.BoolVar(&o.test, "test", false, "run the script's test probes")
	f.BoolVar(&o.bench, "bench", false, "run the script's bench probes and print how long they take")
	f.StringSliceVarP(&o.stages, "debug", "d", nil, "print a `stage` of the compilation: "+strings.Join(dumpStages, ", ")+", all")
	f.BoolVar(&o.info, "info", false, "show what this kernel offers")
	f.BoolVarP(&o.version, "version", "V", false, "print the version")
	f.BoolP("help", "h", false, "print this help")
	return cmd
}

const usageTemplate = `Usage:
  {{.UseLine}}

Options:
{{.LocalFlags.FlagUsages}}
Examples:
{{.Example}}

Settings are read from the environment too (GTRACE_MAX_STRLEN=200; BPFTRACE_MAX_STRLEN is understood).
`

// check finds what can be said about the options alone.
func (o *options) check() error {
	if err := o.parsePID(); err != nil {
		return err
	}
	switch {
	case o.pid != 0 && o.hasCommand:
		//lint:ignore ST1005 these are bpftrace's words
		return errors.New("USAGE: Cannot use both -c and -p.")
	case o.warnings && o.noWarnings:
		return errors.New("USAGE: -k, --warnings conflicts with --no-warnings")
	case o.format != "text" && o.format != "json":
		//lint:ignore ST1005 these are bpftrace's words
		return fmt.Errorf("Invalid output format %q", o.format)
	case o.test && o.bench || o.mode == "bench" && o.test || o.mode == "test" && o.bench:
		return errors.New("--test and --bench cannot be used together")
	case !slices.Contains([]string{"", "line", "full", "none"}, o.buffering):
		//lint:ignore ST1005 these are bpftrace's words
		return errors.New("USAGE: -B must be either 'line', 'full', or 'none'.")
	case !slices.Contains([]string{"", "test", "bench", "format", "codegen"}, o.mode):
		return fmt.Errorf("--mode %s: unknown mode: use test, bench, format or codegen", o.mode)
	}
	if err := o.checkFeatures(); err != nil {
		return err
	}
	for i, s := range o.stages {
		if ours, ok := stagesOfBpftrace[s]; ok {
			s, o.stages[i] = ours, ours
		}
		if s != "all" && !slices.Contains(dumpStages, s) {
			return fmt.Errorf("-d %s: unknown stage: use %s or all", s, strings.Join(dumpStages, ", "))
		}
	}
	return nil
}

// stagesOfBpftrace are the names of bpftrace's stages, and what comes nearest to them here.
var stagesOfBpftrace = map[string]string{
	"parse": "ast", "codegen": "ir", "codegen-opt": "opt", "dis": "asm", "disassemble": "asm", "libbpf": "verifier",
}

// optionsOfBpftrace are options of bpftrace that gtrace does not have, and what to do instead.
var optionsOfBpftrace = map[string]string{
	"emit-elf":  "gtrace loads its programs itself and writes no ELF files; -d asm prints them",
	"emit-llvm": "gtrace compiles without LLVM; -d ir and -d opt print what it compiles from",
	"aot":       "gtrace needs no compilation ahead of time: it starts in milliseconds and is one file; copy gtrace and the script",
}

// features are what --no-feature takes. Sessions of kprobes are known, but not used.
var features = map[string][]target.Feature{
	"kprobe_multi":   {target.KprobeMulti},
	"kprobe_session": nil,
	"uprobe_multi":   {target.UprobeMulti},
}

// checkFeatures reads --no-feature, --traceable-functions and --probe-filter.
func (o *options) checkFeatures() (err error) {
	for _, name := range o.without {
		if _, ok := features[name]; !ok {
			//lint:ignore ST1005 these are bpftrace's words
			return errors.New("USAGE: --no-feature can only have values 'kprobe_multi,kprobe_session,uprobe_multi'.")
		}
	}
	if o.traceable != "" {
		if _, err := os.Stat(o.traceable); err != nil {
			//lint:ignore ST1005 these are bpftrace's words
			return fmt.Errorf("Failed to open kernel function info: Could not read functions from %s. (No such file or directory)", o.traceable)
		}
	}
	if o.filterText == "" {
		return nil
	}
	if o.probeFilter, err = regexp.Compile(o.filterText); err != nil {
		//lint:ignore ST1005 these are bpftrace's words
		return fmt.Errorf("Invalid --probe-filter regex '%s': %w", o.filterText, err)
	}
	return nil
}

func (o *options) parsePID() (err error) {
	if o.hasPID {
		if o.pid, err = parsePID("-p", o.pidText); err != nil {
			return err
		}
	}
	for _, text := range o.dwarfTexts {
		pid, err := parsePID("--dwarf-pid", text)
		if err != nil {
			return err
		}
		o.dwarfPIDs = append(o.dwarfPIDs, pid)
	}
	return nil
}

// parsePID reads the process id that is given with an option.
func parsePID(option, text string) (int, error) {
	pid, err := strconv.ParseInt(text, 10, 32)
	if err != nil || pid <= 0 {
		return 0, fmt.Errorf("%s %s: a process id is a positive number", option, text)
	}
	if pid > maxPID {
		//lint:ignore ST1005 these are bpftrace's words
		return 0, fmt.Errorf("Pid out of range: %d", pid)
	}
	return int(pid), nil
}

// maxPID is the largest process id that the kernel gives (PID_MAX_LIMIT).
const maxPID = 4 << 20

// flagError says what is wrong with the options in gtrace's words.
func flagError(err error) error {
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		if instead, ok := optionsOfBpftrace[unknown.GetSpecifiedName()]; ok {
			return fmt.Errorf("--%s: %s", unknown.GetSpecifiedName(), instead)
		}
		return fmt.Errorf("unknown option %s; gtrace --help lists them", dashed(unknown.GetSpecifiedName()))
	case errors.As(err, &bare):
		return fmt.Errorf("option %s needs a value; gtrace --help says which", dashed(bare.GetSpecifiedName()))
	case errors.As(err, &invalid):
		return fmt.Errorf("option --%s cannot be %q", invalid.GetFlag().Name, invalid.GetValue())
	}
	return err
}

// dashed writes an option's name as it is given on a command line.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// dumps reports whether a stage is to be printed.
func (o *options) dumps(stage string) bool {
	return slices.Contains(o.stages, stage) || slices.Contains(o.stages, "all")
}
