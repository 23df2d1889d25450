package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/probe"
)

// typePattern splits a pattern for types, such as "struct task_*"; ok is false if it is one for probes.
func typePattern(pattern string) (keyword, name string, ok bool) {
	keyword, name, ok = strings.Cut(strings.TrimSpace(pattern), " ")
	name = strings.TrimSpace(name)
	switch keyword {
	case "struct", "union", "enum":
		return keyword, name, ok && name != ""
	}
	return "", "", false
}

// listTypes prints the names of the kernel's types that match, or, if verbose, their definitions.
func listTypes(std streams, h *host.Host, keyword, name string, verbose bool) error {
	if !h.HasBTF() {
		return fmt.Errorf("list types: the kernel does not describe its types (CONFIG_DEBUG_INFO_BTF)")
	}
	out := bufio.NewWriter(std.out)
	found := false
	for _, n := range h.TypeNames(keyword) {
		if !probe.Match(name, n) {
			continue
		}
		found = true
		if !verbose {
			fmt.Fprintf(out, "%s %s\n", keyword, n)
			continue
		}
		fmt.Fprint(out, "vmlinux: ")
		if err := h.WriteType(out, keyword, n, host.LayoutOptions{}); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	if !found {
		fmt.Fprintf(std.err, "No types match %s %s\n", keyword, name)
	}
	return out.Flush()
}

// showType writes the definition of a type with the offsets and sizes of its members. A name without a keyword is that of any type.
func showType(w io.Writer, h *host.Host, name string) error {
	name = strings.TrimRight(name, " *;")
	if keyword, rest, ok := typePattern(name); ok {
		return explained(h, keyword, rest, h.WriteType(w, keyword, rest, host.LayoutOptions{Offsets: true}))
	}
	name = strings.TrimSpace(name)
	for _, keyword := range []string{"struct", "union", "enum", ""} {
		err := h.WriteType(w, keyword, name, host.LayoutOptions{Offsets: true})
		if !errors.Is(err, host.ErrNoType) {
			return err
		}
	}
	return explained(h, "struct", name, fmt.Errorf("%s: %w", name, host.ErrNoType))
}

// explained adds the nearest name to the error about a type that is not there.
func explained(h *host.Host, keyword, name string, err error) error {
	if !errors.Is(err, host.ErrNoType) {
		return err
	}
	return fmt.Errorf("%w%s", err, suggest(name, h.TypeNames(keyword)))
}
