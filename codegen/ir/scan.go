package ir

import (
	"fmt"
	"strconv"
	"strings"
)

// token is a word, a quoted name or a punctuation mark of the textual form.
type token struct {
	text   string
	quoted bool
}

// scanLine splits a line into tokens, up to a comment.
func scanLine(line string) ([]token, error) {
	var toks []token
	for line != "" {
		c := line[0]
		switch {
		case c == ' ' || c == '\t' || c == '\r':
			line = line[1:]
		case c == ';':
			return toks, nil
		case c == '"':
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, fmt.Errorf("bad quoted name")
			}
			text, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, fmt.Errorf("bad quoted name")
			}
			toks = append(toks, token{text, true})
			line = line[len(quoted):]
		case c == '%' || wordByte(c):
			n := 1
			for n < len(line) && wordByte(line[n]) {
				n++
			}
			toks = append(toks, token{line[:n], false})
			line = line[n:]
		case strings.IndexByte("{}()[]:,=+-", c) >= 0:
			toks = append(toks, token{line[:1], false})
			line = line[1:]
		default:
			return nil, fmt.Errorf("unexpected character %q", c)
		}
	}
	return toks, nil
}

func (p *parser) next() token {
	if len(p.toks) == 0 {
		return token{}
	}
	t := p.toks[0]
	p.toks = p.toks[1:]
	return t
}

// peek reports whether the next token is this word or mark.
func (p *parser) peek(text string) bool {
	return len(p.toks) > 0 && !p.toks[0].quoted && p.toks[0].text == text
}

func (p *parser) accept(text string) bool {
	if !p.peek(text) {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(text string) error {
	if p.accept(text) {
		return nil
	}
	if len(p.toks) == 0 {
		return fmt.Errorf("expected %q at the end", text)
	}
	return fmt.Errorf("expected %q, found %q", text, p.toks[0].text)
}

func (p *parser) symbol() (string, error) {
	t := p.next()
	if t.quoted || t.text != "" && wordByte(t.text[0]) {
		return t.text, nil
	}
	return "", fmt.Errorf("expected a name, found %q", t.text)
}

func (p *parser) symbolInto(v *Value) (err error) {
	v.Sym, err = p.symbol()
	return err
}

func (p *parser) integer() (int64, error) {
	text := ""
	if p.accept("-") {
		text = "-"
	}
	return strconv.ParseInt(text+p.next().text, 10, 64)
}

func (p *parser) typeName() (Type, error) {
	text := p.next().text
	for _, t := range []Type{None, I64, Ptr} {
		if t.String() == text && t != None {
			return t, nil
		}
	}
	return None, fmt.Errorf("unknown type %q", text)
}

// number reads a prefix followed by a number: %12, b3, s0.
func number(text, prefix string) (int, bool) {
	digits, ok := strings.CutPrefix(text, prefix)
	if !ok || digits == "" || digits[0] < '0' || digits[0] > '9' {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n < maxID
}

// block returns the block of that number, which may be defined later.
func (p *parser) block(id int) *Block {
	if b := p.blocks[id]; b != nil {
		return b
	}
	b := &Block{ID: id}
	p.blocks[id] = b
	p.f.nextBlock = max(p.f.nextBlock, id+1)
	return b
}

// value reads a reference to a value.
func (p *parser) value() (*Value, error) {
	t := p.next()
	id, ok := number(t.text, "%")
	if !ok || t.quoted {
		return nil, fmt.Errorf("expected a value, found %q", t.text)
	}
	v := p.values[id]
	if v == nil {
		v = &Value{ID: id}
		p.values[id] = v
		p.f.nextValue = max(p.f.nextValue, id+1)
	}
	return v, nil
}

// definition reads the name of a value that has not been defined before.
func (p *parser) definition() (*Value, error) {
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	if p.defined[v] {
		return nil, fmt.Errorf("%s is defined twice", name(v))
	}
	p.defined[v] = true
	return v, nil
}

func (p *parser) arg(v *Value) error {
	x, err := p.value()
	v.Args = append(v.Args, x)
	return err
}

func (p *parser) argList(v *Value) (err error) {
	v.Args, err = p.valueList()
	return err
}

// valueList reads values in parentheses, possibly none.
func (p *parser) valueList() ([]*Value, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	if p.accept(")") {
		return nil, nil
	}
	var out []*Value
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if !p.accept(",") {
			return out, p.expect(")")
		}
	}
}
