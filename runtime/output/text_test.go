package output_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/types"
	"github.com/gtrace/gtrace/runtime/output"
	"github.com/gtrace/gtrace/runtime/value"
	"github.com/gtrace/gtrace/tests/testenv"
)

func kstack(mode string, addrs ...uint64) value.Value {
	return value.Stack{T: types.Stack{Mode: mode, Depth: 127}, Addrs: addrs}
}

func ustack(mode string, addrs ...uint64) value.Value {
	return value.Stack{T: types.Stack{User: true, Mode: mode, Depth: 127}, Addrs: addrs, PID: 7}
}

func TestValues(t *testing.T) {
	enum := &types.Enum{Name: "e", Size: 4, Values: []types.EnumValue{{Name: "ONE", Value: 1}}}
	empty := &types.Struct{Name: "none"}
	for _, tt := range []struct {
		name string
		v    value.Value
		text string
		json string
	}{
		{"int", num(-5), "-5", "-5"},
		{"largest exact", num(1 << 53), "9007199254740992", "9007199254740992"},
		{"beyond", num(-1<<53 - 1), "-9007199254740993", `"-9007199254740993"`},
		{"uint64", unum(1<<64 - 1), "18446744073709551615", `"18446744073709551615"`},
		{"bool", boolean(true), "true", "true"},
		{"string", str("s"), "s", `"s"`},
		{"escapes", str("x\"\\\n\t\r\x01"), "x\"\\\n\t\r\x01", `"x\"\\\n\t\r\u0001"`},
		{"UTF-8 and other bytes", str("\xc3\xa9\x80"), "\xc3\xa9\x80", `"` + "\xc3\xa9" + `\u0080"`},
		{"cut string", value.Bytes{T: types.String{Size: 3}, B: []byte("abc"), Truncated: true}, "abc..", `"abc.."`},
		{"pointer", ptr(0x11), "0x11", "17"},
		{"null pointer", ptr(0), "0x0", "0"},
		{"kernel pointer", ptr(18446744071582929824), "0xffffffff813e53a0", `"18446744071582929824"`},
		{"tuple", tuple(num(1), str("a"), tuple(num(2))), "(1, a, (2))", `[1,"a",[2]]`},
		{"empty tuple", tuple(), "()", "[]"},
		{"array", array(num(1), num(2), num(3)), "[1,2,3]", "[1,2,3]"},
		{"record", record("a", num(1), "b", str("z")), "{ .a = 1, .b = z }", `{"a": 1, "b": "z"}`},
		{"empty struct", value.Seq{T: empty}, "{}", "{}"},
		{"buffer", buf("a\x00b\\"), `a\x00b\`, "[97,0,98,92]"},
		{"enum", value.Int{T: enum, Bits: 1}, "ONE", "1"},
		{"unknown enum", value.Int{T: enum, Bits: 9}, "9", "9"},
		{"null", value.Null{T: types.Int64}, "null", "null"},
		{"stats", stats(5, -20), "{ .count = 2, .average = -7, .total = -15 }", `{"count": 2, "average": -7, "total": -15}`},
		{"inet", value.Bytes{T: types.Inet{}, B: []byte{127, 0, 0, 1}}, "127.0.0.1", `"127.0.0.1"`},
		{"inet6", value.Bytes{T: types.Inet{}, B: append(make([]byte, 15), 1)}, "::1", `"::1"`},
		{"mac", value.Bytes{T: types.MacAddr{}, B: []byte("\xaa\xbb\xcc\x00\x11\x22")}, "AA:BB:CC:00:11:22", `"AA:BB:CC:00:11:22"`},
		{"ksym", value.Int{T: types.Ksym{}, Bits: 0x1003}, "fn", `"fn"`},
		{"no ksym", value.Int{T: types.Ksym{}, Bits: 5}, "0x5", `"0x5"`},
		{"usym", value.Usym{Addr: 0x1003, PID: 7}, "ufn", `"ufn"`},
		{"no usym", value.Usym{Addr: 0x1003, PID: 8}, "0x1003", `"0x1003"`},
		{"usym of nothing", value.Usym{PID: 8}, "0", `"0"`},
		{"username", value.Int{T: types.Username{}}, "root", `"root"`},
		{"no username", value.Int{T: types.Username{}, Bits: 5}, "5", `"5"`},
		{"kstack", kstack("bpftrace", 0x1003, 5), "\n        fn+3\n        0x5\n", `"\n        fn+3\n        0x5\n"`},
		{"ustack", ustack("bpftrace", 0x1000), "\n        ufn+0\n", `"\n        ufn+0\n"`},
		{"raw", kstack("raw", 0xffffffff81f0602a, 5), "\nffffffff81f0602a\n5\n", `"\nffffffff81f0602a\n5\n"`},
		{"perf", kstack("perf", 0x1003), "\n\t1003 fn+3\n", `"\n\t1003 fn+3\n"`},
		{
			"perf user", ustack("perf", 0x1003, 5), "\n\t1003 ufn+3 (/bin/x)\n\t5 0x5 ([unknown])\n",
			`"\n\t1003 ufn+3 (/bin/x)\n\t5 0x5 ([unknown])\n"`,
		},
		{"no stack", kstack("bpftrace"), "\n", `"\n"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text, jsonl := printers(t, func(p output.Printer) { p.Value(tt.v) })
			require.Equal(t, tt.text+"\n", text)
			require.Equal(t, `{"type": "value", "data": `+tt.json+"}\n", jsonl)
		})
	}
}

func TestStackKeys(t *testing.T) {
	k := kstack("bpftrace", 0x1001, 0x1002)
	text, jsonl := printers(t, func(p output.Printer) {
		p.Map(keyed("@ks", k, num(1)), 0, 0)
		p.Map(keyed("@k2", tuple(k, num(1)), num(2)), 0, 0)
		p.Map(keyed("@kv", num(1), k), 0, 0)
		p.Map(keyed("@none", kstack("bpftrace"), num(1)), 0, 0)
	})
	require.Equal(t, `@ks[
        fn+1
        fn+2
]: 1
@k2[
        fn+1
        fn+2
, 1]: 2
@kv[1]: 
        fn+1
        fn+2

@none[
]: 1
`, text)
	require.Equal(t, `{"type": "map", "data": {"@ks": {"\nfn+1\nfn+2\n": 1}}}
{"type": "map", "data": {"@k2": {"\nfn+1\nfn+2\n,1": 2}}}
{"type": "map", "data": {"@kv": {"1": "\n        fn+1\n        fn+2\n"}}}
{"type": "map", "data": {"@none": {"\n": 1}}}
`, jsonl)
}

func TestPrintf(t *testing.T) {
	i8 := func(n int8) value.Value { return value.Int{T: types.Int8, Bits: uint64(int64(n))} }
	b := buf("ab\x01c")
	for _, tt := range []struct {
		format string
		args   []value.Value
		want   string
	}{
		{"plain %% 100%", nil, "plain % 100%"},
		{"%d|%5d|%-5d|%05d|%+d|% d", []value.Value{num(-3), num(3), num(3), num(3), num(3), num(3)}, "-3|    3|3    |00003|+3|3"},
		{"%x|%X|%#x|%o|%#o", []value.Value{num(255), num(255), num(255), num(8), num(8)}, "ff|FF|0xff|10|010"},
		{"%u|%i|%c|%c", []value.Value{num(-1), num(-1), num(65), num(0x4142)}, "4294967295|-1|A|B"},
		{"%d|%ld|%lld|%zd|%jd|%td", []value.Value{num(5e9), num(5e9), num(5e9), num(5e9), num(5e9), num(5e9)}, "705032704|5000000000|5000000000|5000000000|5000000000|5000000000"},
		{"%lu|%lx", []value.Value{num(-1), num(-1)}, "18446744073709551615|ffffffffffffffff"},
		{"%hd|%hhd|%hhx|%hx", []value.Value{num(70000), num(300), num(300), num(70000)}, "4464|44|2c|1170"},
		{"%s|%10s|%-10s|%.2s|%5s|%05s", []value.Value{str("abc"), str("abc"), str("abc"), str("abc"), str("abcdefgh"), str("a")}, "abc|       abc|abc       |abc|abcdefgh|0000a"},
		{"%s|%s|%s|%s", []value.Value{num(5), num(-5), boolean(true), tuple(num(1), str("a"))}, "5|-5|true|(1, a)"},
		{"%10s|%-10s|%10s|%-8s|", []value.Value{num(5), num(5), tuple(num(1), num(2)), boolean(true)}, "         5|5         |         (1, 2)|true    |"},
		{"%-10s|%-20s|%20s|", []value.Value{tuple(num(1), num(2)), record("a", num(1), "b", num(2)), record("a", num(1), "b", num(2))}, "(         1, 2)|{                   .a = 1, .b = 2 }|                  { .a = 1, .b = 2 }|"},
		{"%20s|", []value.Value{kstack("bpftrace", 0x1001)}, "\n        fn+1\n|"},
		{"%p|%p|%20p|%-20p|%5p", []value.Value{num(0xffff1234), num(0), num(255), num(255), num(0)}, "0xffff1234|0|                0xff|0xff                |    0"},
		{"%r|%rx|%rh|%20r|%-20rx|%s", []value.Value{b, b, b, b, b, b}, `ab\x01c|\x61\x62\x01\x63|61 62 01 63|             ab\x01c|\x61\x62\x01\x63    |ab\x01c`},
		{"%d%%|%d|%d|%u", []value.Value{num(5), boolean(true), ptr(16), i8(-1)}, "5%|1|16|4294967295"},
		{"%*d|%-*d|%.3d|%8.3d|%.0d|", []value.Value{num(5), num(6), num(7), num(8), num(0)}, "5|6|7|       8|0|"},
		{"%3c|%-3c|%5c", []value.Value{num(65), num(66), num(67)}, "  A|B  |    C"},
		{"%x|%lx|%d|%s", []value.Value{i8(-1), i8(-1), num(-1), i8(-1)}, "ffffffff|ffffffffffffffff|-1|-1"},
		{"%d %d", []value.Value{unum(1<<64 - 1), unum(1<<32 - 1)}, "-1 -1"},
		{"%#5x|%-5x|%06x|%-6u|%08d|%+5d", []value.Value{num(16), num(16), num(255), num(5), num(-5), num(5)}, " 0x10|10   |0000ff|5     |-0000005|   +5"},
		{"%d %s", []value.Value{count(3), avg(4, 6)}, "3 5"},
		{"%q %5", nil, "%q %5"},
	} {
		t.Run(tt.format, func(t *testing.T) {
			text, _ := printers(t, func(p output.Printer) { p.Printf(output.NewFormat(tt.format), tt.args) })
			require.Equal(t, tt.want, text)
		})
	}
}

func TestEvents(t *testing.T) {
	text, jsonl := printers(t, func(p output.Printer) {
		p.Attached(2)
		p.Printf(output.NewFormat("%s\t\n"), []value.Value{str("a\x01")})
		p.Raw("time", "19\n")
		p.Raw("join", "a b\n")
		p.Lost(12004)
		p.End()
	})
	require.Equal(t, "a\x01\t\n19\na b\n\n\n", text)
	require.Equal(t, `{"type": "attached_probes", "count": 2, "data": {"probes": 2}}
{"type": "printf", "data": "a\u0001\t\n"}
{"type": "time", "data": "19\n"}
{"type": "join", "data": "a b"}
{"type": "lost_events", "count": 12004, "data": {"events": 12004}}
`, jsonl)
}

func messages() []output.Message {
	f := diag.NewFile("stdin", "BEGIN { @a[3]=1; 5/$z }")
	return []output.Message{
		{
			Kind: output.HelperError, Text: "Map full; can't update element.", Helper: "map_update_elem", Code: -7,
			Span: diag.Span{File: f, Start: 8, End: 15},
		},
		{Kind: output.RuntimeError, Text: "Divide or modulo by 0 detected.", Span: diag.Span{File: f, Start: 17, End: 21}},
		{Kind: output.Errorf, Text: "bad 5", Span: diag.Span{File: f, Start: 17, End: 21}},
		{Kind: output.Warnf, Text: "w x", Span: diag.Span{File: f, Start: 17, End: 21}},
	}
}

func TestMessages(t *testing.T) {
	var out, errs bytes.Buffer
	p := output.NewText(output.Options{Out: &out, Err: &errs})
	for _, m := range messages() {
		p.Message(m)
	}
	p.Attached(1)
	p.Attached(2)
	require.Empty(t, out.String())
	require.Equal(t, `stdin:1:9-16: WARNING: Map full; can't update element.
Additional Info - helper: map_update_elem, retcode: -7
BEGIN { @a[3]=1; 5/$z }
        ~~~~~~~
stdin:1:18-22: WARNING: Divide or modulo by 0 detected.
BEGIN { @a[3]=1; 5/$z }
                 ~~~~
stdin:1:18-22: ERROR: bad 5
stdin:1:18-22: WARNING: w x
Attached 1 probe
Attached 2 probes
`, errs.String())

	_, jsonl := printers(t, func(p output.Printer) {
		for _, m := range messages() {
			p.Message(m)
		}
	})
	require.Equal(t, `{"type": "helper_error", "msg": "Argument list too long", "helper": "map_update_elem", "retcode": -7, "filename": "stdin", "line": 1, "col": 9}
{"type": "runtime_error", "msg": "Divide or modulo by 0 detected.", "filename": "stdin", "line": 1, "col": 18}
{"type": "errorf", "msg": "bad 5", "filename": "stdin", "line": 1, "col": 18}
{"type": "warnf", "msg": "w x", "filename": "stdin", "line": 1, "col": 18}
`, jsonl)
}

func TestQuietAndNoWarnings(t *testing.T) {
	var out, errs bytes.Buffer
	opts := output.Options{Out: &out, Err: &errs, Quiet: true, NoWarnings: true}
	for _, p := range []output.Printer{output.NewText(opts), output.NewJSON(opts)} {
		p.Attached(1)
		p.Lost(3)
		p.Message(output.Message{Kind: output.Warnf, Text: "w"})
		require.NoError(t, p.Flush())
	}
	require.Empty(t, out.String()+errs.String())

	for _, p := range []output.Printer{output.NewText(opts), output.NewJSON(opts)} {
		p.Message(output.Message{Kind: output.RuntimeError, Text: "x"})
		require.NoError(t, p.Flush())
	}
	require.Empty(t, errs.String())
	require.Equal(t, `{"type": "runtime_error", "msg": "x"}`+"\n", out.String(), "a record of its own, as in bpftrace")
}

func TestTerminalGetsNoControlCharacters(t *testing.T) {
	var out bytes.Buffer
	p := output.NewText(output.Options{Out: &out, Terminal: true})
	p.Value(str("a\x1b[31mb\n\tc\x7f"))
	require.NoError(t, p.Flush())
	require.Equal(t, "a\\x1b[31mb\n\tc\\x7f\n", out.String())
}

// chunks counts writes.
type chunks struct{ n int }

func (c *chunks) Write(b []byte) (int, error) {
	c.n++
	return len(b), nil
}

func TestBuffering(t *testing.T) {
	for _, tt := range []struct {
		mode                  output.Buffering
		events, idle, flushed int
	}{
		{"", 0, 1, 1}, {output.BufferLine, 0, 1, 1}, {output.BufferFull, 0, 0, 1}, {output.BufferNone, 3, 3, 3},
	} {
		var c chunks
		p := output.NewText(output.Options{Out: &c, Buffering: tt.mode})
		for range 3 {
			p.Value(num(1))
		}
		require.Equal(t, tt.events, c.n, tt.mode)
		p.Idle()
		require.Equal(t, tt.idle, c.n, tt.mode)
		require.NoError(t, p.Flush())
		require.Equal(t, tt.flushed, c.n, tt.mode)
	}
}

func TestStrftime(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(2026, 11, 22, 19, 34, 9, 123456789, time.UTC),
		time.Date(2024, 12, 30, 0, 5, 6, 0, time.UTC),
		time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC),
	} {
		for _, c := range strings.Split("a A b B c C d D e F g G h H I j k l m M n p P r R s S t T u U V w W x X y Y z Z %", " ") {
			want := clibrary(t, c, at)
			require.Equal(t, want, output.Strftime("["+"%"+c+"]", at), c)
		}
	}
	at := time.Date(2026, 11, 22, 19, 34, 9, 123456789, time.UTC)
	require.Equal(t, "123456|%q|%", output.Strftime("%f|%q|%", at))
}

// clibrary formats a time with the system's date command.
func clibrary(t *testing.T, conv string, at time.Time) string {
	t.Helper()
	cmd := exec.Command(testenv.Program(t, "date"), "-u", "-d", at.Format("2006-01-02T15:04:05Z"), "+[%"+conv+"]")
	cmd.Env = []string{"LC_ALL=C", "PATH=/bin:/usr/bin"}
	out, err := cmd.Output()
	require.NoError(t, err)
	return strings.TrimSuffix(string(out), "\n")
}

func BenchmarkPrintf(b *testing.B) {
	f := output.NewFormat("%s %d\n")
	args := []value.Value{str("bash"), num(1234)}
	p := output.NewText(output.Options{Out: &chunks{}})
	b.ReportAllocs()
	for b.Loop() {
		p.Printf(f, args)
	}
}
