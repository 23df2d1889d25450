package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/probe"
)

// list prints the probes that match a pattern, or those that a script's attach points stand for.
func list(o *options, std streams) error {
	h := o.host()
	set := probe.New(h)
	if o.hasProgram || len(o.args) > 0 && isScript(o.args[0]) {
		return listScript(o, std, h, set)
	}
	pattern := ""
	if len(o.args) > 0 {
		pattern = o.args[0]
	}
	if keyword, name, ok := typePattern(pattern); ok {
		return listTypes(std, h, keyword, name, o.verbose)
	}
	found, err := set.List(pattern, probe.ListOptions{Verbose: o.verbose, PID: o.pid})
	if err != nil {
		return permitted(h, err)
	}
	if len(found) == 0 && pattern != "" {
		if err := unknownType(set, pattern); err != nil {
			return err
		}
		fmt.Fprintf(std.err, "No probes match %s\n", pattern)
	}
	return probe.Print(std.out, found)
}

// unknownType reports a pattern whose probe type there is not.
func unknownType(set *probe.Set, pattern string) error {
	kind, _, typed := strings.Cut(pattern, ":")
	if _, known := set.Provider(kind); typed && !known && !strings.Contains(kind, "*") {
		return fmt.Errorf("unknown probe type %q%s", kind, suggest(kind, set.Names()))
	}
	return nil
}

func suggest(name string, names []string) string {
	if n := diag.Nearest(strings.ToLower(name), names); n != "" {
		return "; did you mean " + n + "?"
	}
	return ""
}

func isScript(name string) bool {
	if name == "-" {
		return true
	}
	fi, err := os.Stat(name)
	return err == nil && fi.Mode().IsRegular()
}

func listScript(o *options, std streams, h *host.Host, set *probe.Set) error {
	file, params, err := o.script(std.in)
	if err != nil {
		return err
	}
	c := newCompiler(o, std, h, set)
	info, err := c.check(file, params)
	if err != nil {
		return permitted(h, err)
	}
	for _, p := range info.Programs {
		for _, pt := range p.Probes {
			fmt.Fprintln(std.out, probe.ListName(pt))
		}
	}
	return nil
}
