package output_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/output"
	"github.com/gtrace/gtrace/runtime/value"
)

// peerMaps are the maps whose output by bpftrace 0.27.1 is in testdata/maps.txt and maps.json; where it leaves the order to
// chance, the files have ours.
func peerMaps() []value.Map {
	return []value.Map{
		scalar("@a", nil, num(1)),
		scalar("@av", nil, avg(5)),
		keyed("@avg", num(2), avg(1), num(1), avg(-7, 2)),
		keyed("@b", num(3), num(5), num(2), num(-3), num(1), num(5)),
		scalar("@big", nil, unum(18446744073709551615)),
		scalar("@bigi", nil, num(9007199254740993)),
		keyed("@bo", boolean(true), boolean(false), boolean(false), boolean(true)),
		keyed("@c", tuple(num(2), str("y")), count(2), tuple(num(1), str("x")), count(1)),
		scalar("@cnt", nil, count(1)),
		emptied("@del", types.Int64),
		scalar("@ds", types.Int64),
		scalar("@h", nil, hist(0, -1, 0, 2, 3, 7, 20)),
		scalar("@hb", nil, hist(2, -1, 1000, 3, 5000)),
		keyed("@hk", str("a"), hist(0, 1, 100, 99), str("b"), hist(0, 2000, 5000000)),
		scalar("@l", nil, lhist(0, 100, 10, 5, 100, -4, 55)),
		keyed("@lk", tuple(num(1), num(2)), lhist(0, 10240, 1024, 1024, 9000)),
		keyed("@max", num(1), most(5), num(7), most(1)),
		keyed("@min", num(1), least(5), num(2), least(-5)),
		scalar("@mn", nil, least(3)),
		scalar("@mx", nil, most(3)),
		scalar("@neg", nil, num(-1)),
		scalar("@ptr", nil, ptr(0xffff1234)),
		scalar("@r", nil, record("a", num(1), "b", str("x"))),
		scalar("@s", nil, str("hello")),
		scalar("@sm", nil, sum(3)),
		keyed("@ss", str("b"), str("aa"), str("a"), str("zz")),
		keyed("@st", num(1), stats(5, 6), num(2), stats(-3)),
		scalar("@st1", nil, stats(7)),
		keyed("@sum", num(2), sum(10), num(1), sum(-5)),
		scalar("@t", nil, tuple(num(1), str("a"), tuple(num(2), num(3)))),
		keyed("@tk", tuple(tuple(num(1), num(2)), str("z")), num(1)),
		scalar("@u8", nil, unum(200)),
		scalar("@z", nil, num(0)),
		keyed("@zav", num(1), avg()),
		scalar("@zc", nil, count(0)),
		scalar("@zh", nil, hist(0)),
		keyed("@zhk", num(3), hist(0)),
		keyed("@zk", num(1), num(0)),
		scalar("@zl", nil, lhist(0, 10, 1)),
		scalar("@zm", nil, least(0)),
		scalar("@zs", nil, stats()),
		scalar("@zst", nil, str("")),
		scalar("@zt", nil, tuple(num(0), num(0))),
	}
}

func mustGolden(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	return string(b)
}

// printers runs f with a text and a JSON printer and returns what they wrote to standard output.
func printers(t *testing.T, f func(p output.Printer)) (text, jsonl string) {
	t.Helper()
	var a, b, errs bytes.Buffer
	for _, p := range []output.Printer{
		output.NewText(output.Options{Out: &a, Err: &errs, Symbols: symbols{}}),
		output.NewJSON(output.Options{Out: &b, Err: &errs, Symbols: symbols{}}),
	} {
		f(p)
		require.NoError(t, p.Flush())
	}
	for line := range strings.Lines(b.String()) {
		require.True(t, json.Valid([]byte(line)), line)
	}
	return a.String(), b.String()
}

func TestMapsAsBpftracePrintsThem(t *testing.T) {
	text, jsonl := printers(t, func(p output.Printer) {
		p.End()
		p.Maps(peerMaps())
	})
	require.Equal(t, mustGolden(t, "maps.txt"), text)
	require.Equal(t, mustGolden(t, "maps.json"), jsonl)
}

func TestPrintMap(t *testing.T) {
	b := keyed("@b", num(3), num(25), num(1), num(10), num(2), num(30))
	h := keyed("@h", num(1), hist(0, 10, 11, 11, 100), num(2), hist(0, 9), num(3), hist(0, 9, 9))
	bar := func(n int) string { return "|" + strings.Repeat("@", n) + strings.Repeat(" ", 52-n) + "|\n" }
	for _, tt := range []struct {
		name     string
		m        value.Map
		top, div int
		text     string
		json     string
	}{
		{"all", b, 0, 0, "@b[1]: 10\n@b[3]: 25\n@b[2]: 30\n", `{"type": "map", "data": {"@b": {"1": 10, "3": 25, "2": 30}}}`},
		{"top", b, 2, 0, "@b[3]: 25\n@b[2]: 30\n", `{"type": "map", "data": {"@b": {"3": 25, "2": 30}}}`},
		{"top and div", b, 2, 7, "@b[3]: 3\n@b[2]: 4\n", `{"type": "map", "data": {"@b": {"3": 3, "2": 4}}}`},
		{"more than there are", b, 100, 10, "@b[1]: 1\n@b[3]: 2\n@b[2]: 3\n", `{"type": "map", "data": {"@b": {"1": 1, "3": 2, "2": 3}}}`},
		{"scalar", scalar("@s", nil, num(9)), 1, 2, "@s: 4\n", `{"type": "map", "data": {"@s": 4}}`},
		{"negative", scalar("@s", nil, num(-9)), 0, 2, "@s: -4\n", `{"type": "map", "data": {"@s": -4}}`},
		{"unassigned", scalar("@s", types.Int64), 0, 0, "@s: 0\n", `{"type": "map", "data": {"@s": 0}}`},
		{"unassigned string", scalar("@xx", types.String{Size: 4}), 0, 0, "@xx: \n", `{"type": "map", "data": {"@xx": ""}}`},
		{
			"unassigned tuple", scalar("@xt", types.Tuple{Elems: []types.Type{types.Int8, types.String{Size: 2}}}), 0, 0,
			"@xt: (0, )\n", `{"type": "map", "data": {"@xt": [0,""]}}`,
		},
		{"unassigned bool", scalar("@xb", types.Bool{}), 0, 0, "@xb: false\n", `{"type": "map", "data": {"@xb": false}}`},
		{
			"unassigned stats", scalar("@xs", types.Stats{}), 0, 0, "@xs: { .count = 0, .average = 0, .total = 0 }\n",
			`{"type": "stats", "data": {"@xs": {"count": 0, "average": 0, "total": 0}}}`,
		},
		{"unassigned hist", scalar("@xh", types.Hist{}), 0, 0, "", ""},
		{"no entries", emptied("@xk", types.Int64), 0, 0, "", ""},
		{"no stats", emptied("@s", types.Stats{}), 0, 0, "", `{"type": "stats", "data": {"@s": {}}}`},
		{
			"hist top", h, 2, 0, "@h[3]:\n[8, 16)                2 " + bar(52) + "\n@h[1]:\n[8, 16)                3 " + bar(52) +
				"[16, 32)               0 " + bar(0) + "[32, 64)               0 " + bar(0) + "[64, 128)              1 " + bar(17) + "\n",
			`{"type": "hist", "data": {"@h": {"3": [{"min": 8, "max": 15, "count": 2}], "1": [{"min": 8, "max": 15, "count": 3},` +
				`{"min": 16, "max": 31, "count": 0},{"min": 32, "max": 63, "count": 0},{"min": 64, "max": 127, "count": 1}]}}}`,
		},
		{
			"hist div", keyed("@h", num(2), hist(0, 9)), 0, 3, "@h[2]:\n[8, 16)                0 " + bar(0) + "\n",
			`{"type": "hist", "data": {"@h": {"2": [{"min": 8, "max": 15, "count": 0}]}}}`,
		},
		{
			"lhist ignores div", keyed("@l", num(1), lhist(0, 100, 50, 10, 11)), 1, 2,
			"@l[1]:\n[0, 50)                2 " + bar(52) + "\n",
			`{"type": "hist", "data": {"@l": {"1": [{"min": 0, "max": 49, "count": 2}]}}}`,
		},
		{
			"stats ignore div", keyed("@st", num(1), stats(10), num(2), stats(20)), 1, 2,
			"@st[2]: { .count = 1, .average = 20, .total = 20 }\n",
			`{"type": "stats", "data": {"@st": {"2": {"count": 1, "average": 20, "total": 20}}}}`,
		},
		{
			"avg", keyed("@av", num(1), avg(10), num(2), avg(21)), 2, 2, "@av[1]: 5\n@av[2]: 10\n",
			`{"type": "stats", "data": {"@av": {"1": 5, "2": 10}}}`,
		},
		{
			"ties by key", keyed("@n", num(9), num(1), num(-3), num(1), num(5), num(1)), 0, 0,
			"@n[-3]: 1\n@n[5]: 1\n@n[9]: 1\n", `{"type": "map", "data": {"@n": {"-3": 1, "5": 1, "9": 1}}}`,
		},
		{
			"keys of other values", keyed("@p", num(3), ptr(5), num(1), ptr(9), num(2), ptr(3)), 0, 0,
			"@p[1]: 0x9\n@p[2]: 0x3\n@p[3]: 0x5\n", `{"type": "map", "data": {"@p": {"1": 9, "2": 3, "3": 5}}}`,
		},
		{
			"tuple keys", keyed("@t", tuple(num(1), num(2)), str("a"), tuple(num(0), num(7)), str("c"), tuple(num(1), num(1)), str("b")), 0, 0,
			"@t[0, 7]: c\n@t[1, 1]: b\n@t[1, 2]: a\n", `{"type": "map", "data": {"@t": {"0,7": "c", "1,1": "b", "1,2": "a"}}}`,
		},
		{
			"JSON keys lose blanks", keyed("@j", tuple(tuple(num(1), tuple(num(2), num(3))), str("a b, c")), num(1)), 0, 0,
			"@j[(1, (2, 3)), a b, c]: 1\n", `{"type": "map", "data": {"@j": {"(1,(2,3)),ab,c": 1}}}`,
		},
		{
			"pointer keys", keyed("@k", ptr(77), num(1)), 0, 0, "@k[0x4d]: 1\n", `{"type": "map", "data": {"@k": {"0x4d": 1}}}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text, jsonl := printers(t, func(p output.Printer) { p.Map(tt.m, tt.top, tt.div) })
			require.Equal(t, tt.text, text)
			require.Equal(t, tt.json, strings.TrimSuffix(jsonl, "\n"))
		})
	}
}

func TestHistLabels(t *testing.T) {
	for _, tt := range []struct {
		v    value.Value
		want string
	}{
		{hist(2, 1500000), "[1280K, 1536K)"},
		{hist(0, 1<<63-1), "[4E, 8E)"},
		{hist(0, 0), "[0]"},
		{hist(5, 1056), "[1056, 1088)"},
		{hist(0, 1<<31), "[2G, 4G)"},
		{hist(0, -1), "(..., 0)"},
		{hist(0, 3), "[2, 4)"},
		{lhist(0, 100000, 1000, 5000), "[5000, 6000)"},
		{lhist(0, 4096, 512, 1500), "[1024, 1536)"},
		{lhist(0, 10485760, 1048576, 3000000), "[2M, 3M)"},
		{lhist(0, 4, 1, -1), "(..., 0)"},
		{lhist(0, 4, 1, 4), "[4, ...)"},
		{lhist(0, 40, 1, 5), "[5]"},
		{lhist(0, 10, 3, 7), "[6, 9)"},
		{lhist(0, 10, 3, 9), "[9, ...)"},
		{lhist(0, 1024000, 2048, 1048576), "[1000K, ...)"},
		{lhist(0, 2097152, 4096, 1048576), "[1M, 1028K)"},
		{lhist(1024, 4096, 1024, -1), "(..., 1K)"},
		{lhist(100, 4096, 1024, 1500), "[1124, 2148)"},
	} {
		text, _ := printers(t, func(p output.Printer) { p.Map(scalar("@", nil, tt.v), 0, 0) })
		_, row, _ := strings.Cut(text, "\n")
		require.Equal(t, tt.want, strings.TrimRight(row[:16], " "))
	}
}
