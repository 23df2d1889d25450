package parser_test

import (
	"strings"
	"testing"

	"github.com/gtrace/gtrace/lang/diag"
	"github.com/gtrace/gtrace/lang/parser"
)

func BenchmarkOneLiner(b *testing.B) {
	benchmarkParse(b, `kprobe:vfs_read /pid != 0 && comm == "cat"/ { @[comm, tid] = count(); printf("%d %s\n", pid, comm); }`)
}

func BenchmarkLongScript(b *testing.B) {
	benchmarkParse(b, strings.Repeat("kprobe:vfs_read { $x = (uint64)arg0 + 3 * 4; if ($x > 3) { @[comm] = hist($x); } }\n", 200))
}

func benchmarkParse(b *testing.B, text string) {
	b.ReportAllocs()
	for b.Loop() {
		var diags diag.List
		parser.Parse(diag.NewFile("bench", text), &diags)
		if diags.HasErrors() {
			b.Fatal(diags.All())
		}
	}
}
