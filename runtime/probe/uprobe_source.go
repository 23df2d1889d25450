package probe

import (
	"errors"
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/runtime/debuginfo"
)

// sourceFile splits TARGET@FILE, the first part of a uprobe at a line of the source. A program whose path has an at sign is one.
func sourceFile(parts []string) (target, file string, ok bool) {
	if len(parts) == 0 || isFile(parts[0]) {
		return "", "", false
	}
	return strings.Cut(parts[0], "@")
}

// resolveSource finds the addresses of a line by the debug information of a program.
func (u *uprobe) resolveSource(target, file string, place []string, opts check.ResolveOptions) ([]attach.Match, error) {
	switch {
	case u.ret:
		return nil, pointError(wholePoint, codeSyntax, "Source code location not allowed")
	case newPattern(target).isWild():
		return nil, pointError(wholePoint, codeSyntax, "Cannot use wildcards with source code location")
	case file == "" || len(place) == 0 || place[0] == "" || len(place) > 2:
		return nil, pointError(wholePoint, codeSyntax, "Invalid uprobe arguments, expected format: uprobe:TARGET@FILE:LINE[:COL]")
	}
	line, err := parsePlace("line", 2, place[0])
	if err != nil {
		return nil, err
	}
	column := uint64(0)
	if len(place) == 2 {
		if column, err = parsePlace("column", 3, place[1]); err != nil {
			return nil, err
		}
	}
	paths, perr := u.paths(target, opts.PID)
	if perr != nil {
		return nil, perr
	}
	return u.resolveLine(paths[0], file, line, column, opts.PID)
}

// parsePlace reads the number of a line or column.
func parsePlace(what string, part int, text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 0, 64)
	if err == nil {
		return n, nil
	}
	wrong := "invalid integer"
	if text != "" && text[0] >= '0' && text[0] <= '9' && !errors.Is(err, strconv.ErrRange) {
		wrong = "invalid trailing bytes"
	}
	return 0, pointError(part, codeSyntax, "Invalid %s number: %s: %s", what, wrong, text)
}

func (u *uprobe) resolveLine(path, file string, line, column uint64, pid int) ([]attach.Match, error) {
	info, err := u.host.DebugInfo().Open(path)
	switch {
	case errors.Is(err, debuginfo.ErrNone):
		e := pointError(wholePoint, codeTarget, "No DWARF debug info found for '%s', cannot attach by source code location.", path)
		e.Hint = "compile it with -g, or install its debug package; --debuginfo DIR names where else to look"
		return nil, e
	case err != nil:
		return nil, pointError(1, codeUnreadable, "%v", err)
	}
	addrs, err := info.Addresses(file, line, column)
	if err != nil {
		return nil, pointError(wholePoint, codeTarget, "DWARF error: %v", err)
	}
	bin, err := u.host.Binaries().Open(path)
	if err != nil {
		return nil, pointError(1, codeUnreadable, "%v", err)
	}
	var out []attach.Match
	for _, addr := range addrs {
		ms, err := u.resolveAddress(bin, path, uprobePoint{fn: newPattern(strconv.FormatUint(addr, 10)), pid: pid})
		if err != nil {
			return nil, err
		}
		out = append(out, ms...)
	}
	return sortMatches(out), nil
}

// listSource lists the addresses of a line.
func (u *uprobe) listSource(target, file string, place []string) ([]Listed, error) {
	ms, err := u.resolveSource(target, file, place, check.ResolveOptions{})
	if err != nil {
		return nil, err
	}
	var out []Listed
	for _, m := range ms {
		out = append(out, Listed{Name: m.Probe.Name})
	}
	return out, nil
}
