package arch

import "strings"

// module is the prefix of gtrace's own packages.
const module = "github.com/gtrace/gtrace/"

// allowed says, for each of gtrace's folders, which others of gtrace it may import; "..." matches all below. A folder that is
// not here may import everything, a new one under lang, codegen, stdlib or runtime has to be added.
var allowed = map[string][]string{
	"lang/diag":      {},
	"lang/types":     {},
	"lang/attach":    {"lang/types", "lang/diag"},
	"lang/ast":       {"lang/diag"},
	"lang/parser":    {"lang/ast", "lang/diag"},
	"lang/expand":    {"lang/ast", "lang/parser", "lang/diag"},
	"lang/cdef":      {"lang/types", "lang/diag"},
	"lang/check":     {"lang/ast", "lang/types", "lang/attach", "lang/cdef", "lang/diag"},
	"stdlib":         {"lang/types", "lang/attach", "codegen/ir", "codegen/target"},
	"codegen":        {"codegen/...", "lang/check", "lang/ast", "lang/attach", "lang/types", "lang/diag", "stdlib"},
	"codegen/target": {},
	"codegen/ir":     {"lang/types", "lang/attach", "lang/diag", "codegen/target"},
	"codegen/lower":  {"lang/...", "codegen/ir", "codegen/object", "codegen/target", "stdlib"},
	"codegen/opt":    {"codegen/ir", "codegen/target"},
	"codegen/emit":   {"codegen/ir", "codegen/object", "codegen/target", "lang/types", "lang/attach", "lang/diag"},
	"codegen/link":   {"codegen/object", "lang/check", "lang/types"},
	"codegen/object": {"lang/types", "lang/attach"},
	"runtime/host":   {"runtime/debuginfo", "runtime/symbol", "lang/types", "lang/attach", "lang/check", "codegen/target"},
	"runtime/usdt":   {},
	"runtime/unwind": {"codegen/object"},
	"runtime/probe":  {"runtime/debuginfo", "runtime/host", "runtime/symbol", "runtime/usdt", "lang/types", "lang/attach", "lang/check", "lang/diag", "codegen/object", "codegen/target"},
	"runtime/symbol": {"runtime/debuginfo"},
	"runtime/pcap":   {},
	"runtime/value":  {"lang/types"},
	"runtime/event":  {"codegen/object", "runtime/value", "lang/types", "lang/attach"},
	"runtime/output": {"lang/diag", "runtime/value", "runtime/symbol", "lang/types", "codegen/object"},
	"runtime":        {"codegen/object", "codegen/target", "lang/attach", "lang/diag", "lang/types", "runtime/..."},
	"repl/complete":  {"lang/ast", "lang/attach", "lang/check", "lang/diag", "lang/parser", "lang/types"},
	"repl":           {"runtime", "runtime/value", "runtime/output", "lang/types", "lang/diag", "codegen/object"},
	"export":         {"runtime", "runtime/value", "lang/types"},
	"tests/testenv":  {"runtime/host", "codegen/target"},
	"tests/arch":     {},
	"tests/peer":     {"tests/testenv", "codegen/target"},
	"tests/matrix":   {"tests/testenv", "codegen/target"},
	"tests/vm":       {"tests/vm/...", "tests/matrix", "tests/testenv", "codegen/target"},
	"tests/vm/guest": {"tests/vm/wire"},
	"tests/vm/wire":  {},
	"tests/bench":    {"tests/testenv"},
	"examples":       {},
	"cmd/gtrace":     {"..."},

	"runtime/debuginfo": {},
}

// doors are libraries that only some folders may import. Tests may use them anywhere, since they build what they test with.
var doors = map[string][]string{
	"github.com/alecthomas/participle/v2": {"lang/parser"},

	"github.com/cilium/ebpf":          {"codegen/...", "runtime/...", "cmd/..."},        // cmd hands specs from one to the other
	"github.com/cilium/ebpf/asm":      {"codegen/emit", "codegen/link", "runtime/host"}, // host loads two-line programs to check features
	"github.com/cilium/ebpf/btf":      {"codegen/emit", "codegen/link", "runtime/host"},
	"github.com/cilium/ebpf/features": {"runtime/host"},
	"github.com/cilium/ebpf/link":     {"runtime/probe"},
	"github.com/cilium/ebpf/perf":     {"runtime/event"},
	"github.com/cilium/ebpf/ringbuf":  {"runtime/event", "runtime"},
	"github.com/cilium/ebpf/rlimit":   {"runtime", "runtime/host"},
	"github.com/chzyer/readline":      {"repl"},
	"github.com/spf13/cobra":          {"cmd/..."},
}

// doorless folders, which only run under tests, may open any door.
var doorless = []string{"tests/..."}

// pure are folders that compile: they open no file, start nothing, talk to nobody, know no system call. net/netip only computes.
var (
	pure   = []string{"lang/...", "codegen/...", "stdlib/..."}
	impure = []string{"os", "os/...", "net", "net/http/...", "net/rpc/...", "net/smtp", "net/url", "syscall", "golang.org/x/sys/...", "log", "log/..."}
)

// matches reports whether a path is one of the patterns.
func matches(path string, patterns []string) bool {
	for _, p := range patterns {
		prefix, tree := strings.CutSuffix(p, "...")
		switch {
		case path == p:
			return true
		case tree && (strings.HasPrefix(path, prefix) || path == strings.TrimSuffix(prefix, "/")):
			return true
		}
	}
	return false
}

// door returns the longest door that a path belongs to.
func door(path string) (string, bool) {
	best := ""
	for d := range doors {
		if (path == d || strings.HasPrefix(path, d+"/")) && len(d) > len(best) {
			best = d
		}
	}
	return best, best != ""
}

// judge returns what is wrong with a folder importing a path, or "".
func judge(folder, path string) string {
	if own, ok := strings.CutPrefix(path, module); ok {
		if may, known := allowed[folder]; known && !matches(own, may) {
			return folder + " must not import " + own
		}
		return ""
	}
	if d, ok := door(path); ok && !matches(folder, doors[d]) && !matches(folder, doorless) {
		return folder + " must not import " + path + ": the door to it is " + strings.Join(doors[d], " and ")
	}
	if matches(folder, pure) && matches(path, impure) {
		return folder + " must not import " + path + ": compiling touches nothing but its input"
	}
	return ""
}
