package unwind

import (
	"bufio"
	"bytes"
	"debug/elf"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/tests/testenv"
)

// TestReadelf compares tables with what readelf makes of the same files.
func TestReadelf(t *testing.T) {
	readelf := testenv.Program(t, "readelf")
	for _, test := range []struct {
		name    string
		options []string
		section string
		least   int
	}{
		{"static", []string{"-static"}, ".eh_frame", 5000},
		{"dynamic", nil, ".eh_frame", 50},
		{"for debuggers", []string{"-g", "-fno-asynchronous-unwind-tables"}, ".debug_frame", 30},
		{"for debuggers, compressed", []string{"-g", "-gz", "-fno-asynchronous-unwind-tables"}, ".debug_frame", 30},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := testenv.NoFramePointers(t, test.options...)
			f, err := elf.Open(path)
			require.NoError(t, err)
			defer f.Close()
			rules := NewRules()
			table, err := ReadTable(f, rules)
			require.NoError(t, err)
			require.Zero(t, table.Bad)
			out, err := exec.Command(readelf, "--wide", "--debug-dump=frames-interp", path).Output()
			require.NoError(t, err)
			want := parseReadelf(t, out, test.section)
			require.Greater(t, len(want), test.least)
			for pc, rule := range want {
				require.Equal(t, rule, describe(rules.All()[table.rule(pc)]), "at %#x", pc)
			}
		})
	}
}

// registerNames are readelf's, by their DWARF numbers.
var registerNames = strings.Fields("rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15")

// describe writes a rule as readelf does: the CFA, RBX, RBP and the return address.
func describe(r Rule) string {
	at := func(kind uint8, off int32) string {
		switch kind {
		case object.UnwindSavedCFA:
			return fmt.Sprintf("c%+d", off)
		case object.UnwindSavedNot:
			return "u"
		}
		return "exp"
	}
	switch r.Kind {
	case object.UnwindEnd:
		return "end"
	case object.UnwindCFA:
		return fmt.Sprintf("%s%+d %s %s", registerNames[r.Reg], r.Offset, at(r.BX, r.BXOffset), at(r.BP, r.BPOffset))
	case object.UnwindDeref, object.UnwindPLT:
		return fmt.Sprintf("exp %s %s", at(r.BX, r.BXOffset), at(r.BP, r.BPOffset))
	case object.UnwindSignal:
		return "signal"
	}
	return "unknown"
}

// parseReadelf returns the rules by address.
func parseReadelf(t *testing.T, out []byte, section string) map[uint64]string {
	rules := map[uint64]string{}
	var columns []string
	inFDE, here, signal := false, false, map[string]bool{}
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		fields := strings.Fields(s.Text())
		switch {
		case strings.HasPrefix(s.Text(), "Contents of the "):
			here = strings.Contains(s.Text(), section)
		case !here || len(fields) == 0 || strings.HasSuffix(s.Text(), "ZERO terminator"):
		case len(fields) > 3 && fields[3] == "CIE":
			inFDE = false
			signal[strings.TrimLeft(fields[0], "0")] = strings.Contains(fields[4], "S")
		case len(fields) > 3 && fields[3] == "FDE":
			inFDE = !signal[strings.TrimLeft(strings.TrimPrefix(fields[4], "cie="), "0")]
		case fields[0] == "LOC":
			columns = fields[1:]
		case inFDE:
			pc, err := strconv.ParseUint(fields[0], 16, 64)
			require.NoError(t, err, s.Text())
			row := map[string]string{"rbx": "u", "rbp": "u"}
			for i, c := range columns {
				row[c] = fields[i+1]
			}
			switch row["ra"] {
			case "u":
				rules[pc] = "end"
			case "c-8":
				rules[pc] = fmt.Sprintf("%s %s %s", row["CFA"], row["rbx"], row["rbp"])
			default: // somewhere in longjmp
				rules[pc] = "unknown"
			}
		}
	}
	return rules
}
