package check

import "github.com/gtrace/gtrace/lang/types"

// ConfigRecord returns the script's configuration as the builtin `config` has it: a record and its values in order.
func ConfigRecord(c Config) (types.Record, []Const) {
	var t types.Record
	var values []Const
	add := func(name string, typ types.Type, v Const) {
		t.Fields = append(t.Fields, types.RecordField{Name: name, Type: typ})
		values = append(values, v)
	}
	flag := func(name string, v bool) {
		n := int64(0)
		if v {
			n = 1
		}
		add(name, types.Bool{}, Const{Int: n})
	}
	number := func(name string, v int) { add(name, types.Uint64, Const{Int: int64(v)}) }
	text := func(name, v string) { add(name, types.String{Size: len(v) + 1}, Const{Str: v, IsStr: true}) }

	flag("cpp_demangle", c.CppDemangle)
	flag("lazy_symbolication", c.LazySymbolication)
	flag("print_maps_on_exit", c.PrintMapsOnExit)
	flag("use_blazesym", false)
	flag("show_debug_info", false)
	number("log_size", c.LogSize)
	number("max_bpf_progs", c.MaxPrograms)
	number("max_cat_bytes", c.MaxCatBytes)
	number("max_map_keys", c.MaxMapKeys)
	number("max_probes", c.MaxProbes)
	number("max_strlen", c.MaxStrlen)
	number("on_stack_limit", c.OnStackLimit)
	number("perf_rb_pages", c.RingBufPages)
	text("str_trunc_trailer", c.StrTruncTrailer)
	text("unstable_import_statement", "error")
	text("unstable_tseries", c.UnstableTSeries)
	text("unstable_typeinfo", "error")
	text("unstable_dw_ustack", "warn")
	text("missing_probes", c.MissingProbes)
	text("stack_mode", c.StackMode)
	text("license", c.License)
	return t, values
}
