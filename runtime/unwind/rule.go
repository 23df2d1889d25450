package unwind

import (
	"encoding/binary"

	"github.com/gtrace/gtrace/codegen/object"
)

// The numbers that DWARF gives to the registers of x86-64 that rules are about.
const (
	regBX = 3
	regBP = 6
	regSP = 7
	regIP = 16
)

// Rule says how to get from a frame to that of its caller: see object.UnwindRuleKind.
type Rule struct {
	Kind, Reg, BP, BX  uint8
	Offset, Offset2    int32
	BPOffset, BXOffset int32
}

// Encode appends the rule as programs read it.
func (r Rule) Encode(b []byte) []byte {
	b = append(b, r.Kind, r.Reg, r.BP, r.BX)
	for _, n := range [...]int32{r.Offset, r.Offset2, r.BPOffset, r.BXOffset} {
		b = binary.NativeEndian.AppendUint32(b, uint32(n))
	}
	return b
}

// noRule is the number of the rule for code of which nothing is known.
const noRule = 0

// Rules numbers the rules of all files: there are few different ones.
type Rules struct {
	list  []Rule
	index map[Rule]uint32
	// Dropped is the number of rules that found no place: their code counts as unknown.
	Dropped int
}

// NewRules returns the list that holds the rule for unknown code alone.
func NewRules() *Rules {
	return &Rules{list: []Rule{{}}, index: map[Rule]uint32{{}: noRule}}
}

// All returns the rules by their numbers.
func (r *Rules) All() []Rule { return r.list }

// number returns the number of a rule.
func (r *Rules) number(rule Rule) uint32 {
	n, ok := r.index[rule]
	if ok {
		return n
	}
	if len(r.list) >= object.UnwindMaxRules {
		r.Dropped++
		return noRule
	}
	n = uint32(len(r.list))
	r.list = append(r.list, rule)
	r.index[rule] = n
	return n
}
