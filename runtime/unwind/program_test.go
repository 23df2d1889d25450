package unwind

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/tests/testenv"
)

// entry puts the length before an entry.
func entry(body ...byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, cfaNop)
	}
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(body))), body...)
}

// ehSection is an .eh_frame at address 0x1000 with one common entry and one function of 64 bytes at 0x4000.
func ehSection(augmentation string, common, function []byte) []byte {
	c := append([]byte{0, 0, 0, 0, 1}, augmentation...)
	c = append(c, 0, 1, 0x78, 16) // code aligned to 1, data to -8, return address in 16
	if strings.HasPrefix(augmentation, "z") {
		c = append(c, 1, encPC|encS4)
	}
	out := entry(append(c, common...)...)
	at := len(out) + 4
	f := binary.LittleEndian.AppendUint32(nil, uint32(at))
	if strings.HasPrefix(augmentation, "z") {
		f = binary.LittleEndian.AppendUint32(f, uint32(0x4000-(0x1000+at+4)))
		f = append(binary.LittleEndian.AppendUint32(f, 64), 0)
	} else {
		f = binary.LittleEndian.AppendUint64(f, 0x4000)
		f = binary.LittleEndian.AppendUint64(f, 64)
	}
	return append(append(out, entry(append(f, function...)...)...), 0, 0, 0, 0)
}

// usual is how the programs of functions begin: the CFA is RSP+8, the return address below it.
var usual = []byte{cfaDefCFA, regSP, 8, cfaOffset | regIP, 1}

// sections are made by hand. The rows are those of the function.
var sections = []struct {
	name             string
	augmentation     string
	common, function []byte
}{
	{"nothing but the common part", "zR", usual, nil},
	{"absolute addresses", "", usual, []byte{cfaAdvanceLoc | 1, cfaDefCFAOffset, 16}},
	{"frame pointer", "zR", usual, []byte{cfaAdvanceLoc | 1, cfaDefCFAOffset, 16, cfaOffset | regBP, 2, cfaAdvanceLoc | 3, cfaDefCFARegister, regBP, cfaAdvanceLoc | 20, cfaDefCFA, regSP, 8, cfaRestore | regBP}},
	{"other registers are left out", "zR", usual, []byte{cfaAdvanceLoc1, 2, cfaOffset | 12, 2, cfaAdvanceLoc2, 4, 0, cfaOffset | regBX, 3}},
	{"remember and restore", "zR", usual, []byte{cfaAdvanceLoc | 1, cfaDefCFAOffset, 32, cfaRememberState, cfaAdvanceLoc4, 4, 0, 0, 0, cfaDefCFAOffset, 8, cfaAdvanceLoc | 1, cfaRestoreState}},
	{"equal rows are one", "zR", usual, []byte{cfaAdvanceLoc | 1, cfaAdvanceLoc | 1, cfaDefCFAOffset, 8}},
	{"signed offsets", "zR", usual, []byte{cfaDefCFASF, regSP, 0x7e, cfaAdvanceLoc | 2, cfaDefCFAOffsetSF, 0x7d, cfaAdvanceLoc | 1, cfaOffsetExtendedSF, regBP, 2, cfaGNUNegativeOff, regBX, 2}},
	{"aligned frame", "zR", usual, []byte{cfaAdvanceLoc | 4, cfaDefCFA, 10, 0, cfaAdvanceLoc | 9, cfaExpression, regBP, 2, opBreg0 + regBP, 0, cfaAdvanceLoc | 2, cfaDefCFAExpression, 3, opBreg0 + regBP, 0x78, opDeref}},
	{"saved with an addition", "zR", usual, []byte{cfaDefCFAExpression, 5, opBreg0 + regSP, 56, opDeref, opPlusConst, 8, cfaAdvanceLoc | 1, cfaDefCFAExpression, 4, opBreg0 + regSP, 16, opLit0 + 8, opMinus}},
	{"stubs of a PLT", "zR", usual, []byte{cfaDefCFAExpression, 11, opBreg0 + regSP, 8, opBreg0 + regIP, 0, opLit0 + 15, opAnd, opLit0 + 11, opGE, opLit0 + 3, opShl, opPlus}},
	{"no caller", "zR", usual, []byte{cfaUndefined, regIP}},
	{"signal", "zRS", nil, []byte{cfaDefCFAExpression, 4, opBreg0 + regSP, 0xa0, 1, opDeref, cfaExpression, regIP, 3, opBreg0 + regSP, 0xa8, 1}},
	{"signal that saves too little", "zRS", nil, []byte{cfaDefCFAExpression, 4, opBreg0 + regSP, 0xa0, 1, opDeref}},
	{"lost registers", "zR", usual, []byte{cfaRegister, regBP, 12, cfaValOffset, regBX, 1, cfaAdvanceLoc | 1, cfaSameValue, regBP, cfaValExpression, regBX, 1, opLit0}},
	{"expressions that are not understood", "zR", usual, []byte{cfaDefCFAExpression, 3, opBreg0 + regSP, 8, 0x96, cfaExpression, regBP, 2, opBreg0 + regBX, 0}},
	{"return address elsewhere", "zR", usual, []byte{cfaOffset | regIP, 3}},
	{"GNU argument size", "zR", usual, []byte{cfaAdvanceLoc | 1, cfaGNUArgsSize, 16, cfaDefCFAOffset, 24}},
	{"beyond the end", "zR", usual, []byte{cfaAdvanceLoc | 60, cfaAdvanceLoc | 10}},
	{"nothing to restore", "zR", usual, []byte{cfaRestoreState}},
	{"unknown instruction", "zR", usual, []byte{0x3f}},
	{"cut off", "zR", usual, []byte{cfaNop, cfaNop, cfaDefCFAExpression, 100}},
	{"unknown augmentation", "q", usual, nil},
}

// TestSections compares the rows of sections made by hand with a golden file.
func TestSections(t *testing.T) {
	var out strings.Builder
	for _, s := range sections {
		fmt.Fprintf(&out, "=== %s\n", s.name)
		rules, table := NewRules(), &Table{}
		table.addSection(&section{data: ehSection(s.augmentation, s.common, s.function), addr: 0x1000}, rules)
		for _, r := range table.Rows {
			fmt.Fprintf(&out, "%#x %s\n", r.PC, show(rules.All()[r.Rule]))
		}
		if table.Bad > 0 {
			fmt.Fprintf(&out, "bad: %d\n", table.Bad)
		}
	}
	testenv.Golden(t, "testdata/sections.golden", out.String())
}

// show writes all of a rule.
func show(r Rule) string {
	return fmt.Sprintf("kind %d reg %d %+d %+d, bp %d %+d, bx %d %+d", r.Kind, r.Reg, r.Offset, r.Offset2, r.BP, r.BPOffset, r.BX, r.BXOffset)
}

func TestDebugSection(t *testing.T) {
	common := append([]byte{0xff, 0xff, 0xff, 0xff, 4, 0, 8, 0, 1, 0x78, 16}, usual...)
	data := entry(common...)
	f := binary.LittleEndian.AppendUint32(nil, 0)
	f = binary.LittleEndian.AppendUint64(f, 0x7000)
	f = binary.LittleEndian.AppendUint64(f, 32)
	data = append(data, entry(f...)...)
	rules, table := NewRules(), &Table{}
	table.addSection(&section{data: data, debug: true}, rules)
	require.Zero(t, table.Bad)
	require.Len(t, table.Rows, 2)
	require.Equal(t, Row{0x7000, 1}, table.Rows[0])
	require.Equal(t, Row{0x7020, noRule}, table.Rows[1])
}

func TestMerge(t *testing.T) {
	for _, test := range []struct {
		name       string
		a, b, want []Row
	}{
		{"nothing", nil, nil, nil},
		{"behind each other", []Row{{10, 1}, {20, 0}}, []Row{{30, 2}, {40, 0}}, []Row{{10, 1}, {20, 0}, {30, 2}, {40, 0}}},
		{"a gap is filled", []Row{{10, 1}, {20, 0}, {40, 3}, {50, 0}}, []Row{{15, 2}, {30, 0}}, []Row{{10, 1}, {20, 2}, {30, 0}, {40, 3}, {50, 0}}},
		{"the first counts", []Row{{10, 1}, {50, 0}}, []Row{{20, 2}, {30, 0}}, []Row{{10, 1}, {50, 0}}},
		{"it goes on behind", []Row{{10, 1}, {20, 0}}, []Row{{5, 2}, {30, 0}}, []Row{{5, 2}, {10, 1}, {20, 2}, {30, 0}}},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, merge(test.a, test.b)) })
	}
}

// FuzzSection reads sections: nothing must panic or take long, rows are sorted and refer to rules that there are.
func FuzzSection(f *testing.F) {
	for _, s := range sections {
		f.Add(ehSection(s.augmentation, s.common, s.function), false)
	}
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 8, 0, 0, 0, 0, 0, 0, 0}, false)
	f.Add([]byte{12, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 4, 0, 8, 0, 1, 0x78, 16}, true)
	f.Fuzz(func(t *testing.T, data []byte, debug bool) {
		rules, table := NewRules(), &Table{}
		table.addSection(&section{data: data, addr: 0x1000, debug: debug}, rules)
		for i, r := range table.Rows {
			require.Less(t, int(r.Rule), len(rules.All()))
			require.True(t, i == 0 || table.Rows[i-1].PC < r.PC, "rows %d and %d", i-1, i)
		}
	})
}
