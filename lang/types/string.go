package types

import (
	"fmt"
	"strings"
)

func (Invalid) String() string { return "<invalid>" }
func (Void) String() string    { return "void" }
func (Bool) String() string    { return "bool" }

// String returns int8 … uint64.
func (t Int) String() string {
	if t.Signed {
		return fmt.Sprintf("int%d", 8*t.Size)
	}
	return fmt.Sprintf("uint%d", 8*t.Size)
}

func (t String) String() string  { return fmt.Sprintf("string[%d]", t.Size) }
func (t Buffer) String() string  { return fmt.Sprintf("buffer[%d]", t.Size) }
func (t Pointer) String() string { return t.Elem.String() + " *" }
func (t Array) String() string   { return fmt.Sprintf("%s[%d]", t.Elem, t.Len) }

// String returns (int64,string[4]).
func (t Tuple) String() string {
	parts := make([]string, len(t.Elems))
	for i, e := range t.Elems {
		parts[i] = e.String()
	}
	return "(" + strings.Join(parts, ",") + ")"
}

// String returns (a=int64,b=string[4]).
func (r Record) String() string {
	parts := make([]string, len(r.Fields))
	for i, f := range r.Fields {
		parts[i] = "." + f.Name + " = " + f.Type.String()
	}
	return "record { " + strings.Join(parts, ", ") + " }"
}

// String returns struct name or union name.
func (t *Struct) String() string {
	word := "struct "
	if t.Union {
		word = "union "
	}
	if t.Name == "" {
		return word + "<anonymous>"
	}
	return word + t.Name
}

func (t *Enum) String() string { return "enum " + t.Name }

// String returns kstack_bpftrace_127 or ustack_perf_3: what is traced, the mode and the depth.
func (t Stack) String() string {
	word := "kstack"
	if t.User {
		word = "ustack"
	}
	return fmt.Sprintf("%s_%s_%d", word, t.Mode, t.Depth)
}

// String returns "hist_t", "quantile_t" where only quantiles are printed, and "llhist_t" where rows are joined; the latter two begin with
// a "u" where numbers are unsigned.
func (t Hist) String() string {
	switch {
	case t.Quantiles != "":
		return signed("quantile_t", t.Signed)
	case t.Fit:
		return signed("llhist_t", t.Signed)
	}
	return "hist_t"
}

func (Ksym) String() string       { return "ksym_t" }
func (Usym) String() string       { return "usym_t" }
func (Username) String() string   { return "username_t" }
func (Inet) String() string       { return "inet_t" }
func (MacAddr) String() string    { return "macaddr_t" }
func (Timestamp) String() string  { return "timestamp_t" }
func (CgroupPath) String() string { return "cgroup_path_t" }
func (Count) String() string      { return "count_t" }
func (t Sum) String() string      { return signed("sum_t", t.Signed) }
func (t Min) String() string      { return signed("min_t", t.Signed) }
func (t Max) String() string      { return signed("max_t", t.Signed) }
func (t Avg) String() string      { return signed("avg_t", t.Signed) }
func (t Stats) String() string    { return signed("stats_t", t.Signed) }
func (LHist) String() string      { return "lhist_t" }
func (TSeries) String() string    { return "tseries_t" }

func signed(name string, s bool) string {
	if s {
		return name
	}
	return "u" + name
}
