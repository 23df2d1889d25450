package types

import "fmt"

// simpleType returns the type of a kind that says everything.
func simpleType(kind string) (Type, bool) {
	switch kind {
	case "invalid":
		return Invalid{}, true
	case "void":
		return Void{}, true
	case "bool":
		return Bool{}, true
	case "ksym":
		return Ksym{}, true
	case "usym":
		return Usym{}, true
	case "username":
		return Username{}, true
	case "inet":
		return Inet{}, true
	case "macaddr":
		return MacAddr{}, true
	case "count":
		return Count{}, true
	}
	return nil, false
}

func decode(j *typeJSON) (Type, error) {
	if j == nil {
		return nil, nil
	}
	if t, ok := simpleType(j.Kind); ok {
		return t, nil
	}
	switch j.Kind {
	case "int":
		return Int{Size: j.Size, Signed: j.Signed}, nil
	case "string":
		return String{Size: j.Size}, nil
	case "buffer":
		return Buffer{Size: j.Size}, nil
	case "pointer":
		elem, err := decode(j.Elem)
		return Pointer{Elem: elem, Space: j.Space, Trusted: j.Trusted}, err
	case "array":
		elem, err := decode(j.Elem)
		return Array{Elem: elem, Len: j.Len, Text: j.Text}, err
	case "tuple":
		elems, err := decodeList(j.Elems)
		return Tuple{Elems: elems}, err
	case "record":
		return decodeRecord(j)
	case "enum":
		return &Enum{Name: j.Name, Size: j.Size, Signed: j.Signed, Values: j.Values}, nil
	case "struct", "union":
		return decodeStruct(j)
	case "stack":
		return Stack{User: j.User, Mode: j.Mode, Depth: j.Depth}, nil
	case "cgroup_path":
		return CgroupPath{Filter: j.Format}, nil
	case "timestamp":
		return Timestamp{Format: j.Format}, nil
	}
	return decodeAggregate(j)
}

func decodeAggregate(j *typeJSON) (Type, error) {
	switch j.Kind {
	case "sum":
		return Sum{Signed: j.Signed}, nil
	case "min":
		return Min{Signed: j.Signed}, nil
	case "max":
		return Max{Signed: j.Signed}, nil
	case "avg":
		return Avg{Signed: j.Signed}, nil
	case "stats":
		return Stats{Signed: j.Signed}, nil
	case "hist":
		return Hist{Bits: j.Bits, Signed: j.Signed, Quantiles: j.Format, Fit: j.Fit}, nil
	case "lhist":
		if j.Step < 1 {
			return nil, fmt.Errorf("decode type: lhist with step %d", j.Step)
		}
		return LHist{Min: j.Min, Max: j.Max, Step: j.Step}, nil
	case "tseries":
		return TSeries{Interval: j.Interval, Num: j.Num, Agg: j.Agg, Signed: j.Signed}, nil
	}
	return nil, fmt.Errorf("decode type: unknown kind %q", j.Kind)
}

func decodeList(js []*typeJSON) ([]Type, error) {
	out := make([]Type, len(js))
	for i, j := range js {
		t, err := decode(j)
		if err != nil {
			return nil, err
		}
		out[i] = t
	}
	return out, nil
}

func decodeRecord(j *typeJSON) (Type, error) {
	elems, err := decodeList(j.Elems)
	if err != nil {
		return nil, err
	}
	if len(j.Names) != len(elems) {
		return nil, fmt.Errorf("decode type: record with %d names for %d fields", len(j.Names), len(elems))
	}
	r := Record{Fields: make([]RecordField, len(elems))}
	for i, t := range elems {
		r.Fields[i] = RecordField{Name: j.Names[i], Type: t}
	}
	return r, nil
}

func decodeStruct(j *typeJSON) (Type, error) {
	s := &Struct{Name: j.Name, Union: j.Kind == "union", Size: j.Size, Align: j.Align}
	for _, f := range j.Fields {
		t, err := decode(f.Type)
		if err != nil {
			return nil, err
		}
		s.Fields = append(s.Fields, Field{
			Name: f.Name, Type: t, Offset: f.Offset, BitOffset: f.BitOffset, BitSize: f.BitSize, DataLoc: f.DataLoc,
		})
	}
	return s, nil
}
