package emit

import (
	"fmt"
	"strings"
	"sync"

	"github.com/cilium/ebpf/asm"

	"github.com/gtrace/gtrace/codegen/ir"
	"github.com/gtrace/gtrace/lang/diag"
)

// source is a span as an instruction carries it: "file:line:col text". Its text is made when it is first asked for.
type source struct {
	span diag.Span
	once sync.Once
	text string
}

// String returns the place and the source text.
func (s *source) String() string {
	s.once.Do(func() {
		pos := s.span.Pos()
		text, _, _ := strings.Cut(strings.TrimSpace(s.span.Text()), "\n")
		s.text = fmt.Sprintf("%s:%d:%d %s", s.span.File.Name, pos.Line, pos.Col, text)
	})
	return s.text
}

// lineTagger attaches spans to instructions.
type lineTagger struct{ last *source }

func (l *lineTagger) tag(in asm.Instruction, span diag.Span) asm.Instruction {
	if !span.IsValid() {
		return in
	}
	if l.last == nil || l.last.span != span {
		l.last = &source{span: span}
	}
	return in.WithSource(l.last)
}

// tagLines makes equal spans share one source, and gives a span to every instruction if any has one: the one before it,
// or the first that there is. The kernel wants one on the first instruction of every function as soon as any instruction of a
// program has one, so a function without spans gets its name there.
func tagLines(name string, insns asm.Instructions) {
	shared := map[diag.Span]*source{}
	var last *source
	for i := range insns {
		if s, ok := insns[i].Source().(*source); ok {
			last = s
			break
		}
	}
	if last == nil {
		insns[0] = insns[0].WithSource(asm.Comment(name))
		return
	}
	for i := range insns {
		if s, ok := insns[i].Source().(*source); ok {
			last = s
		}
		if s := shared[last.span]; s != nil {
			last = s
		} else {
			shared[last.span] = last
		}
		insns[i] = insns[i].WithSource(last)
	}
}

// firstSpan returns the first span in the function.
func firstSpan(f *ir.Func) diag.Span {
	for _, b := range f.Blocks {
		for _, v := range b.Instrs {
			if v.Span.IsValid() {
				return v.Span
			}
		}
	}
	return diag.Span{}
}
