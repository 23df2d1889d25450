package usdt

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Arg is where an argument is when its probe fires.
type Arg struct {
	// Size is the number of bytes: 1, 2, 4 or 8. Signed says how it is extended.
	Size   int
	Signed bool
	// Kind says which of the following count.
	Kind ArgKind
	// Const is the value itself.
	Const int64
	// Reg is the register that holds the value, or the base of its address.
	Reg string
	// Index is a second register of the address, times Scale; empty if there is none.
	Index string
	Scale int64
	// Offset is added to the address.
	Offset int64
	// Symbol is the function or variable of the file whose address is added, too; empty if there is none. With rip, or without a
	// register, nothing else is.
	Symbol string
}

// ArgKind is a kind of place.
type ArgKind uint8

// The kinds of places.
const (
	ArgConst ArgKind = iota + 1
	ArgReg
	ArgMemory
)

// maxArgs bounds the arguments of a probe: sys/sdt.h has macros for 12.
const maxArgs = 32

// ParseArgs reads the operands of a note for an architecture (GOARCH).
func ParseArgs(text, arch string) ([]Arg, error) {
	words := splitArgs(text)
	if len(words) > maxArgs {
		return nil, fmt.Errorf("%d arguments are too many", len(words))
	}
	var out []Arg
	for _, word := range words {
		a, err := parseArg(word, arch)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// splitArgs splits at blanks that are not in brackets: arm64 writes [sp, 8].
func splitArgs(text string) []string {
	var out []string
	depth, start := 0, -1
	for i, c := range text {
		switch {
		case c == '[' || c == '(':
			depth++
		case c == ']' || c == ')':
			depth--
		}
		blank := (c == ' ' || c == '\t') && depth <= 0
		if blank && start >= 0 {
			out, start = append(out, text[start:i]), -1
		} else if !blank && start < 0 {
			start = i
		}
	}
	if start >= 0 {
		out = append(out, text[start:])
	}
	return out
}

func parseArg(word, arch string) (Arg, error) {
	size, operand, ok := strings.Cut(word, "@")
	if !ok { // old notes leave out the size of a machine word
		size, operand = "8", word
	}
	n, err := strconv.Atoi(size)
	if err != nil {
		return Arg{}, fmt.Errorf("argument %q has a size that is not supported", word)
	}
	a := Arg{Size: max(n, -n), Signed: n < 0}
	switch a.Size {
	case 1, 2, 4, 8:
	default:
		return Arg{}, fmt.Errorf("argument %q has a size that is not supported", word)
	}
	parse := operands[arch]
	if parse == nil || !parse(operand, &a) {
		return Arg{}, fmt.Errorf("argument %q has an operand that is not supported", word)
	}
	return a, nil
}

// operands are the readers of operands by architecture.
var operands = map[string]func(operand string, a *Arg) bool{"amd64": parseAMD64, "arm64": parseARM64}

var (
	amd64Const  = regexp.MustCompile(`^\$(-?(?:0x[0-9a-fA-F]+|[0-9]+))$`)
	amd64Reg    = regexp.MustCompile(`^%([a-z0-9]+)$`)
	amd64Symbol = regexp.MustCompile(`^(?:(-?(?:0x[0-9a-fA-F]+|[0-9]+))\+)?([A-Za-z_.][\w.$]*)([-+](?:0x[0-9a-fA-F]+|[0-9]+))?(?:\(%([a-z0-9]+)\))?$`)
	amd64Memory = regexp.MustCompile(`^(-?(?:0x[0-9a-fA-F]+|[0-9]+))?\(%([a-z0-9]+)(?:,%([a-z0-9]+)(?:,([1248]))?)?\)$`)
)

// parseAMD64 reads $5, %rax, 8(%rbp), 8(%rax,%rbx,4), symbol, symbol+8(%rip) and 8+symbol(%rip).
func parseAMD64(text string, a *Arg) bool {
	if m := amd64Const.FindStringSubmatch(text); m != nil {
		a.Kind = ArgConst
		return number(m[1], &a.Const)
	}
	if m := amd64Reg.FindStringSubmatch(text); m != nil {
		a.Kind, a.Reg = ArgReg, m[1]
		return true
	}
	if m := amd64Symbol.FindStringSubmatch(text); m != nil {
		a.Kind, a.Symbol, a.Reg, a.Scale = ArgMemory, m[2], m[4], 1
		var behind int64
		ok := number(m[1], &a.Offset) && number(strings.TrimPrefix(m[3], "+"), &behind)
		a.Offset += behind
		return ok
	}
	m := amd64Memory.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	a.Kind, a.Reg, a.Index, a.Scale = ArgMemory, m[2], m[3], 1
	return number(m[1], &a.Offset) && (m[4] == "" || number(m[4], &a.Scale))
}

var (
	arm64Const  = regexp.MustCompile(`^#?(-?(?:0x[0-9a-fA-F]+|[0-9]+))$`)
	arm64Reg    = regexp.MustCompile(`^(?:[xw][0-9]+|sp)$`)
	arm64Memory = regexp.MustCompile(`^\[\s*([xw][0-9]+|sp)\s*(?:,\s*(?:#?(-?(?:0x[0-9a-fA-F]+|[0-9]+))|([xw][0-9]+)))?\s*\]$`)
)

// parseARM64 reads 5, x0, [sp], [sp, 8] and [x0, x1].
func parseARM64(text string, a *Arg) bool {
	if m := arm64Const.FindStringSubmatch(text); m != nil {
		a.Kind = ArgConst
		return number(m[1], &a.Const)
	}
	if arm64Reg.MatchString(text) {
		a.Kind, a.Reg = ArgReg, text
		return true
	}
	m := arm64Memory.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	a.Kind, a.Reg, a.Index, a.Scale = ArgMemory, m[1], m[3], 1
	return number(m[2], &a.Offset)
}

// number reads an integer of up to 64 bits; an empty text is 0.
func number(text string, to *int64) bool {
	if text == "" {
		*to = 0
		return true
	}
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		*to = n
		return true
	}
	n, err := strconv.ParseUint(text, 0, 64)
	*to = int64(n)
	return err == nil
}
