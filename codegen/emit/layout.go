package emit

import (
	"fmt"
	"math"
	"strings"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/lang/diag"
)

// chunk is a block as BPF instructions: its body and the jumps at its end.
type chunk struct {
	body  []asm.Instruction
	jumps []jump
	exit  bool
	span  diag.Span
	start int // offset in 8-byte units
	begin int // the same by weight
	// bodyWeight is the weight of the body, once it is known.
	bodyWeight int
}

// jump is an instruction with a target.
type jump struct {
	ins  asm.Instruction
	to   *chunk
	long bool
}

// assemble lays out the blocks and resolves the jumps.
func assemble(e *expander, opts Options) (Result, error) {
	chunks := e.chunks(bigEndian(opts.Target))
	insns, err := link(chunks, opts.Target.Has(target.CPUv4))
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", e.code.name, err)
	}
	if e.code.reentrant && !e.code.sub && opts.Target.Has(target.PrivateStack) {
		insns = append(ownStack(), insns...)
	}
	tagLines(e.code.name, insns)
	insns[0] = btf.WithFuncMetadata(insns[0].WithSymbol(e.code.name), e.code.signature())
	return Result{
		Name: e.code.name, Insns: insns, StackSize: e.frame.size(),
		ScratchSize: e.frame.scratchSize, ScratchEntries: e.frame.scratchEntries(), ScratchMap: scratchName(e.frame, opts),
		Calls: e.code.calls,
	}, nil
}

// ownStack returns what a program begins with whose runs need a stack each. Since 6.13 the kernel gives the programs of kprobes, of which uprobes
// have the type, a stack for each CPU: right for those that do not interrupt each other, but programs of uprobes run with preemption on, and
// threads that interrupt each other write into the same stack. Programs with a tail call are left out of that, also if it is never reached.
func ownStack() asm.Instructions {
	return asm.Instructions{
		asm.Mov.Imm(asm.R0, 0),
		asm.Instruction{OpCode: asm.OpCode(asm.JumpClass).SetJumpOp(asm.JEq).SetSource(asm.ImmSource), Dst: asm.R0, Offset: 1},
		asm.FnTailCall.Call(),
	}
}

func scratchName(fr *frame, opts Options) string {
	if fr.scratchSize == 0 {
		return ""
	}
	return opts.ScratchMap
}

// chunks expands the blocks and drops those that do nothing but jump.
func (e *expander) chunks(bigEndian bool) []*chunk {
	byBlock := map[*block]*chunk{}
	for _, b := range e.code.blocks {
		t := b.end()
		byBlock[b] = &chunk{body: e.block(b, bigEndian), exit: t.kind == instExit, span: t.span}
	}
	// final follows jumps through blocks without instructions. A loop of such blocks ends at its second visit.
	final := func(b *block) *block {
		seen := map[*block]bool{}
		for b.end().kind == instJump && len(byBlock[b].body) == 0 && !seen[b] {
			seen[b] = true
			b = b.end().targets[0]
		}
		return b
	}
	var kept []*block
	for i, b := range e.code.blocks {
		if i == 0 || final(b) == b {
			kept = append(kept, b)
		}
	}
	var out []*chunk
	for i, b := range kept {
		var next *block
		if i+1 < len(kept) {
			next = kept[i+1]
		}
		c := byBlock[b]
		for _, j := range e.jumps(b.end(), final, next) {
			c.jumps = append(c.jumps, jump{ins: j.ins, to: byBlock[j.to]})
		}
		out = append(out, c)
	}
	return out
}

type blockJump struct {
	ins asm.Instruction
	to  *block
}

// jumps returns the jumps at the end of a block that is followed by next.
func (e *expander) jumps(t *inst, final func(*block) *block, next *block) []blockJump {
	always := func(to *block) []blockJump {
		if to == next {
			return nil
		}
		return []blockJump{{asm.Instruction{OpCode: asm.Ja.Op(asm.ImmSource)}, to}}
	}
	switch t.kind {
	case instExit:
		return nil
	case instJump:
		return always(final(t.targets[0]))
	case instBranch:
		then, els := final(t.targets[0]), final(t.targets[1])
		if then == els {
			return always(then)
		}
		if opposite, ok := inverted(t.jump); ok && then == next {
			return []blockJump{{e.compare(t, opposite, 0), els}}
		}
		return append([]blockJump{{e.compare(t, t.jump, 0), then}}, always(els)...)
	default:
		panic("BUG: emit: block without a terminator")
	}
}

// link gives every jump its offset and returns all instructions.
func link(chunks []*chunk, v4 bool) (asm.Instructions, error) {
	for place(chunks) > math.MaxInt16 && stretch(chunks) {
		if !v4 {
			return linkByIslands(chunks)
		}
	}
	var out asm.Instructions
	for _, c := range chunks {
		out = append(out, c.instructions()...)
	}
	return out, nil
}

// place finds out where the chunks are, and returns where they end by weight.
func place(chunks []*chunk) int {
	start, begin := 0, 0
	for _, c := range chunks {
		c.start, c.begin = start, begin
		start += c.size()
		begin += c.weight()
	}
	return begin
}

// stretch makes jumps long that do not reach their target, or would not in the kernel, and reports whether there were any.
func stretch(chunks []*chunk) bool {
	changed := false
	for _, c := range chunks {
		at := c.begin + c.bodyWeight
		for i := range c.jumps {
			j := &c.jumps[i]
			at += j.size()
			if !j.long && !reaches(j.to.begin-at) {
				j.long, changed = true, true
			}
		}
	}
	return changed
}

// weight is what the chunk may take in the kernel.
func (c *chunk) weight() int {
	if c.bodyWeight == 0 {
		for i := range c.body {
			c.bodyWeight += weight(&c.body[i])
		}
	}
	return c.bodyWeight + c.size() - units(c.body)
}

func units(body []asm.Instruction) int {
	n := 0
	for i := range body {
		n += int(body[i].Width())
	}
	return n
}

func (j *jump) conditional() bool { return j.ins.OpCode.JumpOp() != asm.Ja }

// size is 1, or what a long jump takes: a conditional one jumps to the long jump or over it.
func (j *jump) size() int {
	if j.long && j.conditional() {
		return 3
	}
	return 1
}

func (c *chunk) size() int {
	n := units(c.body)
	for i := range c.jumps {
		n += c.jumps[i].size()
	}
	if c.exit {
		n++
	}
	return n
}

func (c *chunk) instructions() []asm.Instruction {
	out := c.body
	at := c.start + units(c.body)
	lines := lineTagger{}
	add := func(in asm.Instruction) { out = append(out, lines.tag(in, c.span)) }
	for i := range c.jumps {
		j := &c.jumps[i]
		at += j.size()
		d := j.to.start - at
		if !j.long {
			j.ins.Offset = int16(d)
			add(j.ins)
			continue
		}
		if j.conditional() {
			j.ins.Offset = 1
			add(j.ins)
			add(asm.Instruction{OpCode: asm.Ja.Op(asm.ImmSource), Offset: 1})
		}
		add(asm.Instruction{OpCode: asm.OpCode(asm.Jump32Class).SetJumpOp(asm.Ja).SetSource(asm.ImmSource), Constant: int64(d)})
	}
	if c.exit {
		add(asm.Return())
	}
	return out
}

// signature is what BTF says of the function: programs take a context, subprograms up to five numbers.
func (c *code) signature() *btf.Func {
	long := &btf.Int{Name: "long", Size: 8, Encoding: btf.Signed}
	proto := &btf.FuncProto{Return: &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}}
	if c.sub {
		for i := range c.params {
			proto.Params = append(proto.Params, btf.FuncParam{Name: fmt.Sprintf("a%d", i), Type: long})
		}
		proto.Return = long
		linkage := btf.StaticFunc
		if c.global {
			linkage = btf.GlobalFunc
		}
		return &btf.Func{Name: identifier(c.name), Type: proto, Linkage: linkage}
	}
	proto.Params = []btf.FuncParam{{Name: "ctx", Type: &btf.Pointer{Target: &btf.Void{}}}}
	return &btf.Func{Name: identifier(c.name), Type: proto, Linkage: btf.StaticFunc}
}

// maxIdentifier is below the kernel's limit for names in BTF (KSYM_NAME_LEN, 128 at least).
const maxIdentifier = 120

// identifier returns name as BTF allows it: letters, digits and underscores, no digit first.
func identifier(name string) string {
	id := strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
	if id == "" || id[0] >= '0' && id[0] <= '9' {
		id = "_" + id
	}
	return id[:min(len(id), maxIdentifier)]
}
