package cdef

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/gtrace/gtrace/lang/diag"
)

// macro is a #define.
type macro struct {
	params   []string
	function bool
	body     []token
	// builtin is set for those that the text does not define.
	builtin bool
}

// predefined are the macros that every text finds defined.
func predefined() map[string]*macro {
	out := map[string]*macro{}
	for _, name := range []string{"BPFTRACE_HAVE_BTF", "__x86_64__", "__x86_64", "__amd64__", "__linux__", "__LP64__", "__KERNEL__", "__BPF_TRACING__"} {
		out[name] = &macro{body: []token{{kind: tokNumber, text: "1"}}, builtin: true}
	}
	for name, value := range map[string]string{
		"__STDC__": "1", "__STDC_VERSION__": "201710L", "__GNUC__": "4", "__GNUC_MINOR__": "2", "__clang__": "1", "__CHAR_BIT__": "8",
		"__SIZEOF_SHORT__": "2", "__SIZEOF_INT__": "4", "__SIZEOF_LONG__": "8", "__SIZEOF_LONG_LONG__": "8", "__SIZEOF_POINTER__": "8",
		"__SIZEOF_SIZE_T__": "8", "__SCHAR_MAX__": "127", "__SHRT_MAX__": "32767", "__INT_MAX__": "2147483647",
		"__LONG_MAX__": "9223372036854775807L", "__LONG_LONG_MAX__": "9223372036854775807LL",
		"__ORDER_LITTLE_ENDIAN__": "1234", "__ORDER_BIG_ENDIAN__": "4321", "__BYTE_ORDER__": "1234",
	} {
		out[name] = &macro{body: []token{{kind: tokNumber, text: value}}, builtin: true}
	}
	return out
}

// preprocessor follows directives and replaces macros.
type preprocessor struct {
	unit  *Unit
	diags reporter
	conds []condition
	out   []token
	// headers counts the headers read, depth those that are open; tooMany is set once there were too many.
	headers, depth int
	tooMany        bool
	packing        packing
	// expanded counts the tokens that macros were replaced by.
	expanded int
}

// condition is an open #if.
type condition struct {
	at diag.Span
	// active is set while lines count; taken once a branch of it did; outer is the state around it.
	active, taken, outer bool
	// last is set behind #else.
	last bool
}

func (p *preprocessor) active() bool {
	return len(p.conds) == 0 || p.conds[len(p.conds)-1].active
}

// piece reads one piece of text.
func (p *preprocessor) piece(span diag.Span) {
	toks := scan(span)
	for len(toks) > 0 {
		n := 1
		if toks[0].first && toks[0].is("#") {
			for n < len(toks) && !toks[n].first {
				n++
			}
			p.directive(toks[:n])
		} else {
			for n < len(toks) && !(toks[n].first && toks[n].is("#")) {
				n++
			}
			if p.active() {
				p.text(toks[:n])
			}
		}
		toks = toks[n:]
	}
}

// text puts out what is between two directives.
func (p *preprocessor) text(toks []token) {
	toks = p.expand(toks, nil)
	for i := 0; i < len(toks); i++ {
		if t := toks[i]; t.is("_Pragma") && i+3 < len(toks) && toks[i+2].kind == tokString {
			p.pragma(t.at, rescan(toks[i+2]))
			i += 3
			continue
		}
		toks[i].pack = p.packing.now
		p.out = append(p.out, toks[i])
	}
}

// pragma follows what stands behind #pragma, or in _Pragma.
func (p *preprocessor) pragma(at diag.Span, words []token) {
	if len(words) > 0 && words[0].text == "pack" {
		p.pack(at, p.expand(words[1:], nil))
	}
}

// rescan returns the tokens in a string, at the place of the string.
func rescan(literal token) []token {
	text := literal.value()
	toks := scan(diag.Span{File: diag.NewFile("", text), End: len(text)})
	for i := range toks {
		toks[i].at = literal.at
	}
	return toks
}

// finish reports conditions that are still open, the first of them.
func (p *preprocessor) finish() {
	const enough = 10 // to see what is wrong
	for _, c := range p.conds[:min(len(p.conds), enough)] {
		p.diags.Errorf(c.at, "c-directive", "unterminated conditional directive").Hintf("close it with #endif")
	}
}

// directive follows one line that begins with #.
func (p *preprocessor) directive(line []token) {
	if len(line) == 1 {
		return
	}
	at := line[0].at.Join(line[len(line)-1].at)
	name, rest := line[1], line[2:]
	switch name.text {
	case "if", "ifdef", "ifndef":
		p.open(at, name.text, rest)
		return
	case "elif", "else", "endif":
		p.branch(at, name.text, rest)
		return
	}
	if !p.active() {
		return
	}
	switch name.text {
	case "define":
		p.define(at, rest)
	case "undef":
		if p.wantName(at, rest) {
			delete(p.unit.macros, rest[0].text)
		}
	case "include":
		p.include(at, rest)
	case "error":
		p.diags.Errorf(at, "c-error", "%s", strings.TrimSpace(strings.TrimPrefix(at.Text(), "#")))
	case "warning":
		p.diags.Warnf(at, "c-error", "%s", strings.TrimSpace(strings.TrimPrefix(at.Text(), "#")))
	case "pragma":
		p.pragma(at, rest)
	case "line", "ident":
	default:
		p.diags.Errorf(name.at, "c-directive", "invalid preprocessing directive #%s", name.text)
	}
}

func (p *preprocessor) open(at diag.Span, kind string, rest []token) {
	c := condition{at: at, outer: p.active()}
	if c.outer {
		c.active = p.test(at, kind, rest)
	}
	c.taken = c.active
	p.conds = append(p.conds, c)
}

// test decides an #if, #ifdef or #ifndef.
func (p *preprocessor) test(at diag.Span, kind string, rest []token) bool {
	if kind == "if" || kind == "elif" {
		return p.condition(at, rest)
	}
	if !p.wantName(at, rest) {
		return false
	}
	return p.defined(rest[0].text) == (kind == "ifdef")
}

// defined reports whether a name is that of a macro, or of what conditions can ask for besides.
func (p *preprocessor) defined(name string) bool {
	_, ok := p.unit.macros[name]
	return ok || strings.HasPrefix(name, "__has_")
}

func (p *preprocessor) wantName(at diag.Span, rest []token) bool {
	if len(rest) == 0 || rest[0].kind != tokIdent {
		p.diags.Errorf(at, "c-directive", "macro name missing")
		return false
	}
	return true
}

// branch follows #elif, #else and #endif.
func (p *preprocessor) branch(at diag.Span, kind string, rest []token) {
	if len(p.conds) == 0 {
		p.diags.Errorf(at, "c-directive", "#%s without #if", kind)
		return
	}
	c := &p.conds[len(p.conds)-1]
	switch {
	case kind == "endif":
		p.conds = p.conds[:len(p.conds)-1]
	case c.last:
		p.diags.Errorf(at, "c-directive", "#%s after #else", kind)
	case kind == "else":
		c.active, c.last = c.outer && !c.taken, true
	default:
		c.active = c.outer && !c.taken && p.condition(at, rest)
		c.taken = c.taken || c.active
	}
}

// condition computes the expression of an #if. Names that are no macros are constants of Linux or zero.
func (p *preprocessor) condition(at diag.Span, rest []token) bool {
	toks := p.expand(p.replaceDefined(rest), nil)
	for i, t := range toks {
		if t.kind == tokIdent {
			toks[i] = token{kind: tokNumber, text: "0", at: t.at}
		}
	}
	k, ok := p.unit.evaluate(toks)
	if !ok {
		p.diags.Errorf(at, "c-directive", "the condition of #if is not a constant integer expression")
	}
	return ok && k.Int != 0
}

// replaceDefined replaces defined X and defined(X).
func (p *preprocessor) replaceDefined(toks []token) []token {
	var out []token
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		if strings.HasPrefix(t.text, "__has_") {
			if n := operandEnd(toks, i); n > 0 {
				out = append(out, token{kind: tokNumber, text: p.has(t.text, toks[i+2:n-1]), at: t.at})
				i = n - 1
				continue
			}
		}
		if !t.is("defined") {
			out = append(out, t)
			continue
		}
		n := i + 1
		paren := n < len(toks) && toks[n].is("(")
		if paren {
			n++
		}
		value := "0"
		if n < len(toks) {
			if p.defined(toks[n].text) {
				value = "1"
			}
		}
		out = append(out, token{kind: tokNumber, text: value, at: t.at})
		i = n
		if paren {
			i++
		}
	}
	return out
}

// operandEnd returns the place behind the parentheses that follow a token, 0 if none do.
func operandEnd(toks []token, i int) int {
	if i+1 >= len(toks) || !toks[i+1].is("(") {
		return 0
	}
	for n := i + 2; n < len(toks); n++ {
		if toks[n].is(")") {
			return n + 1
		}
	}
	return 0
}

// has is the value of __has_include(<x.h>), __has_attribute(x) and their like: headers are looked for, attributes and builtins are there.
func (p *preprocessor) has(what string, operand []token) string {
	if what != "__has_include" && what != "__has_include_next" {
		return "1"
	}
	name := ""
	for _, t := range operand {
		name += t.text
	}
	angled := strings.HasPrefix(name, "<")
	name = strings.Trim(name, `<>"`)
	if angled && isSystemHeader(name) {
		return "1"
	}
	if p.unit.opts.Include != nil && len(operand) > 0 {
		if _, err := p.unit.opts.Include(name, angled, operand[0].at.File); err == nil {
			return "1"
		}
	}
	return "0"
}

// define enters a macro.
func (p *preprocessor) define(at diag.Span, rest []token) {
	if !p.wantName(at, rest) {
		return
	}
	m := &macro{body: rest[1:]}
	if len(m.body) > 0 && m.body[0].is("(") && !m.body[0].spaced {
		m.function = true
		i := 1
		for ; i < len(m.body) && !m.body[i].is(")"); i++ {
			if m.body[i].kind == tokIdent {
				m.params = append(m.params, m.body[i].text)
			}
		}
		m.body = m.body[min(i+1, len(m.body)):]
	}
	p.unit.macros[rest[0].text] = m
}

// maxHeaders bounds the number of headers that are read, counting each time, and maxHeaderDepth how deep they include each other.
const (
	maxHeaders     = 2000
	maxHeaderDepth = 100
)

// include reads a header. Those of the system need not be there: their types and constants are known without them.
func (p *preprocessor) include(at diag.Span, rest []token) {
	switch {
	case len(rest) > 0 && rest[0].is("<"):
		name := strings.TrimPrefix(strings.TrimSpace(at.Text()[strings.Index(at.Text(), "<"):]), "<")
		if name, _, ok := strings.Cut(name, ">"); ok {
			p.header(at, name, true)
		}
	case len(rest) > 0 && rest[0].kind == tokString:
		p.header(at, rest[0].value(), false)
	default:
		p.diags.Errorf(at, "c-directive", "expected \"FILENAME\" or <FILENAME>")
	}
}

// header reads a header that is included at a place.
func (p *preprocessor) header(at diag.Span, name string, angled bool) {
	if angled && (p.unit.opts.Include == nil || isSystemHeader(name)) {
		return
	}
	if p.headers++; p.headers > maxHeaders || p.depth >= maxHeaderDepth {
		if !p.tooMany {
			p.tooMany = true
			p.diags.Errorf(at, "c-include", "too many headers: %d are read at most, nested %d deep", maxHeaders, maxHeaderDepth)
		}
		return
	}
	var f *diag.File
	err := error(fs.ErrNotExist)
	if p.unit.opts.Include != nil {
		f, err = p.unit.opts.Include(name, angled, at.File)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.diags.Errorf(at, "c-include", "'%s' file not found", name).Hintf("-I names a folder to look for it; kernel headers are not needed")
	case err != nil:
		p.diags.Errorf(at, "c-include", "%s", err)
	default:
		p.depth++
		p.piece(diag.Span{File: f, End: len(f.Text)})
		p.depth--
	}
}

// isSystemHeader reports whether a header is one of the kernel's or of the C library's, which are known without being read.
func isSystemHeader(name string) bool {
	folder, _, ok := strings.Cut(name, "/")
	if !ok {
		return slices.Contains([]string{
			"stddef.h", "stdint.h", "stdbool.h", "stdarg.h", "limits.h", "errno.h", "string.h", "stdio.h",
			"stdlib.h", "unistd.h", "fcntl.h", "signal.h", "time.h", "vmlinux.h", "inttypes.h", "assert.h", "ctype.h", "endian.h",
			"byteswap.h", "sched.h", "poll.h", "pthread.h", "netdb.h", "pwd.h", "grp.h", "dirent.h", "elf.h", "mqueue.h", "semaphore.h",
			"termios.h", "wchar.h", "float.h", "math.h", "locale.h", "setjmp.h", "ucontext.h", "ifaddrs.h", "stdalign.h", "stdatomic.h",
		}, name)
	}
	return slices.Contains([]string{
		"linux", "asm", "asm-generic", "net", "uapi", "sys", "bpf", "netinet", "arpa", "trace", "rdma", "scsi",
		"sound", "drm", "crypto", "video", "media", "xen", "kvm", "acpi", "clocksource", "cxl", "generated", "hyperv", "keys", "kunit", "math-emu",
		"memory", "misc", "mtd", "pcmcia", "ras", "rv", "soc", "target", "ufs", "vdso", "machine", "gnu", "bits",
		"arch", "block", "drivers", "fs", "include", "init", "io_uring", "ipc", "kernel", "lib", "mm", "security", "virt", "..",
	}, folder)
}
