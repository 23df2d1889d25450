package types

import (
	"encoding/json"
	"fmt"
)

// typeJSON is the form of a Type in JSON. Kind says which other members count.
type typeJSON struct {
	Kind     string      `json:"kind"`
	Size     int         `json:"size,omitempty"`
	Signed   bool        `json:"signed,omitempty"`
	Name     string      `json:"name,omitempty"`
	Elem     *typeJSON   `json:"elem,omitempty"`
	Elems    []*typeJSON `json:"elems,omitempty"`
	Names    []string    `json:"names,omitempty"`
	Len      int         `json:"len,omitempty"`
	Text     int         `json:"text,omitempty"`
	Space    Space       `json:"space,omitempty"`
	Trusted  bool        `json:"trusted,omitempty"`
	Align    int         `json:"align,omitempty"`
	Fields   []fieldJSON `json:"fields,omitempty"`
	Values   []EnumValue `json:"values,omitempty"`
	User     bool        `json:"user,omitempty"`
	Mode     string      `json:"mode,omitempty"`
	Depth    int         `json:"depth,omitempty"`
	Format   string      `json:"format,omitempty"`
	Bits     int         `json:"bits,omitempty"`
	Fit      bool        `json:"fit,omitempty"`
	Min      int64       `json:"min,omitempty"`
	Max      int64       `json:"max,omitempty"`
	Step     int64       `json:"step,omitempty"`
	Interval int64       `json:"interval,omitempty"`
	Num      int         `json:"num,omitempty"`
	Agg      string      `json:"agg,omitempty"`
}

type fieldJSON struct {
	Name      string    `json:"name,omitempty"`
	Type      *typeJSON `json:"type"`
	Offset    int       `json:"offset,omitempty"`
	BitOffset int       `json:"bit_offset,omitempty"`
	BitSize   int       `json:"bit_size,omitempty"`
	DataLoc   bool      `json:"data_loc,omitempty"`
}

// Marshal returns a type in JSON; nil is null. Structs behind pointers are written without their fields: a value read
// back holds the pointer alone.
func Marshal(t Type) ([]byte, error) { return json.Marshal(encode(t)) }

// Unmarshal reads what Marshal wrote. Every struct in it becomes a Struct of its own.
func Unmarshal(data []byte) (Type, error) {
	var j *typeJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return nil, fmt.Errorf("decode type: %w", err)
	}
	return decode(j)
}

// Boxed is a Type that can stand in a JSON document.
type Boxed struct{ Type Type }

// MarshalJSON writes the type as Marshal does.
func (b Boxed) MarshalJSON() ([]byte, error) { return Marshal(b.Type) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (b *Boxed) UnmarshalJSON(data []byte) error {
	t, err := Unmarshal(data)
	b.Type = t
	return err
}

func encode(t Type) *typeJSON {
	if t == nil {
		return nil
	}
	j := &typeJSON{Kind: kindName(t)}
	switch t := t.(type) {
	case Invalid, Void, Bool, Ksym, Usym, Username, Inet, MacAddr, Count:
	case CgroupPath:
		j.Format = t.Filter
	case Int:
		j.Size, j.Signed = t.Size, t.Signed
	case String:
		j.Size = t.Size
	case Buffer:
		j.Size = t.Size
	case Pointer:
		j.Elem, j.Space, j.Trusted = encodePointee(t.Elem), t.Space, t.Trusted
	case Array:
		j.Elem, j.Len, j.Text = encode(t.Elem), t.Len, t.Text
	case Tuple:
		j.Elems = encodeList(t.Elems)
	case Record:
		j.Elems = encodeList(t.Types())
		for _, f := range t.Fields {
			j.Names = append(j.Names, f.Name)
		}
	case *Enum:
		j.Name, j.Size, j.Signed, j.Values = t.Name, t.Size, t.Signed, t.Values
	case *Struct:
		j.Name, j.Size, j.Align = t.Name, t.Size, t.Align
		for _, f := range t.Members() {
			j.Fields = append(j.Fields, fieldJSON{f.Name, encode(f.Type), f.Offset, f.BitOffset, f.BitSize, f.DataLoc})
		}
	case Stack:
		j.User, j.Mode, j.Depth = t.User, t.Mode, t.Depth
	case Timestamp:
		j.Format = t.Format
	case Sum, Min, Max, Avg, Stats:
		j.Signed, _ = aggregateSign(t)
	case Hist:
		j.Bits, j.Signed, j.Format, j.Fit = t.Bits, t.Signed, t.Quantiles, t.Fit
	case LHist:
		j.Min, j.Max, j.Step = t.Min, t.Max, t.Step
	case TSeries:
		j.Interval, j.Num, j.Agg, j.Signed = t.Interval, t.Num, t.Agg, t.Signed
	default:
		panic(fmt.Sprintf("BUG: types: no JSON for %T", t))
	}
	return j
}

func encodeList(ts []Type) []*typeJSON {
	out := make([]*typeJSON, len(ts))
	for i, t := range ts {
		out[i] = encode(t)
	}
	return out
}

// encodePointee writes what a pointer points to; structs by name alone, since they may point back.
func encodePointee(t Type) *typeJSON {
	if s, ok := t.(*Struct); ok {
		return &typeJSON{Kind: kindName(t), Name: s.Name, Size: s.Size, Align: s.Align}
	}
	if p, ok := t.(Pointer); ok {
		return &typeJSON{Kind: kindName(t), Elem: encodePointee(p.Elem), Space: p.Space, Trusted: p.Trusted}
	}
	if a, ok := t.(Array); ok {
		return &typeJSON{Kind: kindName(t), Elem: encodePointee(a.Elem), Len: a.Len, Text: a.Text}
	}
	return encode(t)
}

func kindName(t Type) string {
	switch t := t.(type) {
	case Invalid:
		return "invalid"
	case Void:
		return "void"
	case Bool:
		return "bool"
	case Int:
		return "int"
	case String:
		return "string"
	case Buffer:
		return "buffer"
	case Pointer:
		return "pointer"
	case Array:
		return "array"
	case Tuple:
		return "tuple"
	case Record:
		return "record"
	case *Enum:
		return "enum"
	case *Struct:
		if t.Union {
			return "union"
		}
		return "struct"
	case Stack:
		return "stack"
	case Ksym:
		return "ksym"
	case Usym:
		return "usym"
	case Username:
		return "username"
	case Inet:
		return "inet"
	case MacAddr:
		return "macaddr"
	case Timestamp:
		return "timestamp"
	case CgroupPath:
		return "cgroup_path"
	case Count:
		return "count"
	case Sum, Min, Max, Avg, Stats:
		_, kind := aggregateSign(t)
		return kind
	case Hist:
		return "hist"
	case LHist:
		return "lhist"
	case TSeries:
		return "tseries"
	}
	panic(fmt.Sprintf("BUG: types: no kind for %T", t))
}
