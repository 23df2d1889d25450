package check

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/diag"
)

// setting is one config variable: how to set it, or what to say instead.
type setting struct {
	set func(*Config, string) error
	// values are what it can be set to, where that is one of a few words.
	values []string
	// renamed is the new name of an old one; noEffect is set for variables without a meaning any more.
	renamed  string
	noEffect bool
	// opposite is set for an old name that means the contrary of the new one.
	opposite bool
	// envOnly is set for variables of the environment that no script sets.
	envOnly bool
	// flag is set for variables that are on or off: any number but 0 means on.
	flag bool
}

// settings returns the table of config variables.
func settings() map[string]setting {
	return map[string]setting{
		"max_strlen":         {set: number("max_strlen", func(c *Config) *int { return &c.MaxStrlen }, 1)},
		"max_map_keys":       {set: number("max_map_keys", func(c *Config) *int { return &c.MaxMapKeys }, 1)},
		"max_probes":         {set: number("max_probes", func(c *Config) *int { return &c.MaxProbes }, 0)},
		"max_bpf_progs":      {set: number("max_bpf_progs", func(c *Config) *int { return &c.MaxPrograms }, 0)},
		"max_cat_bytes":      {set: number("max_cat_bytes", func(c *Config) *int { return &c.MaxCatBytes }, 0)},
		"log_size":           {set: number("log_size", func(c *Config) *int { return &c.LogSize }, 0)},
		"on_stack_limit":     {set: number("on_stack_limit", func(c *Config) *int { return &c.OnStackLimit }, 0)},
		"perf_rb_pages":      {set: number("perf_rb_pages", func(c *Config) *int { return &c.RingBufPages }, 0)},
		"print_maps_on_exit": flag("print_maps_on_exit", func(c *Config) *bool { return &c.PrintMapsOnExit }),
		"cpp_demangle":       flag("cpp_demangle", func(c *Config) *bool { return &c.CppDemangle }),
		"lazy_symbolication": flag("lazy_symbolication", func(c *Config) *bool { return &c.LazySymbolication }),
		"show_debug_info":    flag("show_debug_info", func(c *Config) *bool { return &c.ShowDebugInfo }),
		"use_blazesym":       flag("use_blazesym", func(c *Config) *bool { return &c.UseBlazesym }),
		"str_trunc_trailer":  {set: text(func(c *Config) *string { return &c.StrTruncTrailer })},
		"stack_mode": choice("stack_mode", func(c *Config) *string { return &c.StackMode },
			"bpftrace", "raw", "perf", "build_id"),
		"missing_probes": choice("missing_probes", func(c *Config) *string { return &c.MissingProbes },
			"ignore", "warn", "error"),
		"cache_user_symbols": userSymbols(),
		"license":            {set: license},

		"unstable_tseries":          {set: unstable("unstable_tseries", func(c *Config) *string { return &c.UnstableTseries })},
		"unstable_dw_ustack":        {set: unstable("unstable_dw_ustack", func(c *Config) *string { return &c.UnstableDwUstack })},
		"unstable_typeinfo":         {set: unstable("unstable_typeinfo", func(c *Config) *string { return &c.UnstableTypeinfo })},
		"unstable_import_statement": {set: unstable("unstable_import_statement", func(c *Config) *string { return &c.UnstableImport })},

		"symbol_source":           {noEffect: true},
		"max_type_res_iterations": {noEffect: true},
		"unstable_addr":           {noEffect: true},
		"unstable_import":         {noEffect: true},
		"unstable_macro":          {noEffect: true},
		"unstable_map_decl":       {noEffect: true},

		"strlen":          {renamed: "max_strlen"},
		"cat_bytes_max":   {renamed: "max_cat_bytes"},
		"map_keys_max":    {renamed: "max_map_keys"},
		"no_cpp_demangle": {renamed: "cpp_demangle", opposite: true},

		"btf":           {envOnly: true},
		"color":         {envOnly: true},
		"kernel_build":  {envOnly: true},
		"kernel_source": {envOnly: true},
		"vmlinux":       {envOnly: true},
	}
}

// Setting is a config variable that scripts can set.
type Setting struct {
	Name string
	// Values are what it can be set to, where that is one of a few words.
	Values []string
}

// Settings returns the config variables that have an effect, sorted by name.
func Settings() []Setting {
	table := settings()
	var out []Setting
	for _, name := range settingNames(table) {
		out = append(out, Setting{Name: name, Values: table[name].values})
	}
	return out
}

// DefaultConfig returns the configuration of a script that sets nothing.
func DefaultConfig() Config {
	return Config{
		MaxStrlen: 1024, MaxMapKeys: 4096, MaxProbes: 1024, MaxPrograms: 1024, MaxCatBytes: 10240, LogSize: 1000000,
		OnStackLimit: 32, StackMode: "bpftrace", MissingProbes: "error", StrTruncTrailer: "..", License: "GPL",
		CacheUserSymbols: "PER_PID", PrintMapsOnExit: true, CppDemangle: true, LazySymbolication: true,
		UnstableImport: "error", UnstableTseries: "warn", UnstableTypeinfo: "error", UnstableDwUstack: "warn",
	}
}

// passConfig fills Info.Config from the defaults, the config blocks and the environment, in this order. Nothing has to
// run before it.
func (c *checker) passConfig() {
	c.info.Config = DefaultConfig()
	table := settings()
	for _, d := range c.prog.Decls {
		if cfg, ok := d.(*ast.ConfigDecl); ok {
			for _, s := range cfg.Settings {
				c.configure(table, s)
			}
		}
	}
	c.configureFromEnv(table)
}

// envPrefixes may stand before the name of a config variable.
var envPrefixes = [...]string{"BPFTRACE_", "GTRACE_"}

func settingName(name string) string {
	name = strings.ToLower(name)
	for _, p := range envPrefixes {
		if rest, ok := strings.CutPrefix(name, strings.ToLower(p)); ok {
			return rest
		}
	}
	return name
}

func (c *checker) configure(table map[string]setting, s ast.ConfigSetting) {
	name := settingName(s.Name)
	st, ok := table[name]
	if !ok {
		d := c.diags.Errorf(s.At, "unknown-config", "%s: not a known configuration option", s.Name)
		suggest(d, name, settingNames(table))
		return
	}
	old := st
	if st.renamed != "" {
		c.diags.Warnf(s.At, "renamed-config", "%s has been renamed, please use %s", s.Name, st.renamed)
		st = table[st.renamed]
	}
	switch {
	case st.envOnly:
		c.diags.Errorf(s.At, "unknown-config", "%s: can only be set as an environment variable", s.Name)
		return
	case st.noEffect:
		c.diags.Warnf(s.At, "no-effect", "%s is deprecated and has no effect", s.Name)
		return
	}
	value, ok := settingValue(s.Value)
	if !ok {
		return
	}
	if n, number := s.Value.(*ast.IntLit); number && st.flag && n.Value != 0 {
		value = "1"
	}
	if err := st.set(&c.info.Config, old.meant(value)); err != nil {
		c.diags.Errorf(s.At, "bad-config", "%s", err)
	}
}

// meant returns the value of the new name that the value of an old one stands for.
func (s setting) meant(value string) string {
	if !s.opposite {
		return value
	}
	switch value {
	case "true", "1":
		return "false"
	case "false", "0":
		return "true"
	}
	return value
}

func (c *checker) configureFromEnv(table map[string]setting) {
	names := make([]string, 0, len(c.opts.Env))
	for name := range c.opts.Env {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		st, ok := table[name]
		old := st
		if st.renamed != "" {
			st = table[st.renamed]
		}
		if !ok || st.set == nil {
			continue
		}
		if err := st.set(&c.info.Config, old.meant(c.opts.Env[name])); err != nil {
			c.diags.Errorf(diag.Span{}, "bad-environment", "environment: %s", err).Class = diag.ClassSurroundings
		}
	}
}

// settingNames returns the names worth suggesting, sorted.
func settingNames(table map[string]setting) []string {
	var out []string
	for name, s := range table {
		if s.set != nil {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out
}

// settingValue returns a setting's value as text; ok is false for a BadExpr.
func settingValue(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.IntLit:
		return strconv.FormatUint(e.Value, 10), true
	case *ast.StringLit:
		return e.Value, true
	case *ast.BoolLit:
		return strconv.FormatBool(e.Value), true
	case *ast.Ident:
		return e.Name, true
	default: // no other type matters here
	}
	return "", false
}

// maxNumber bounds the config variables that are numbers: sizes of memory, more or less.
const maxNumber = 1 << 30

func number(name string, field func(*Config) *int, low int) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.ParseInt(v, 0, 64)
		if err != nil {
			return fmt.Errorf("%s: expecting a number, got %s", name, v)
		}
		if n < int64(low) || n > maxNumber {
			return fmt.Errorf("%s: must be between %d and %d, got %d", name, low, maxNumber, n)
		}
		*field(c) = int(n)
		return nil
	}
}

func flag(name string, field func(*Config) *bool) setting {
	set := func(c *Config, v string) error {
		switch strings.ToLower(v) {
		case "1", "true", "on", "yes":
			*field(c) = true
		case "0", "false", "off", "no":
			*field(c) = false
		default:
			//lint:ignore ST1005 these are bpftrace's words
			return fmt.Errorf("%s: Invalid bool value: valid values are true, false, 1 or 0.", name)
		}
		return nil
	}
	return setting{set: set, values: []string{"false", "true"}, flag: true}
}

// userSymbols is cache_user_symbols, which was on or off once.
func userSymbols() setting {
	field := func(c *Config) *string { return &c.CacheUserSymbols }
	st := choice("cache_user_symbols", field, "PER_PID", "PER_PROGRAM", "NONE")
	words := st.set
	st.flag = true
	st.set = func(c *Config, v string) error {
		switch v {
		case "0", "false":
			v = "NONE"
		case "1", "true":
			v = "PER_PROGRAM"
		}
		return words(c, strings.ToUpper(v))
	}
	return st
}

func text(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		*field(c) = v
		return nil
	}
}

func choice(name string, field func(*Config) *string, values ...string) setting {
	set := func(c *Config, v string) error {
		for _, w := range values {
			if v == w {
				*field(c) = v
				return nil
			}
		}
		last := len(values) - 1
		//lint:ignore ST1005 these are bpftrace's words
		return fmt.Errorf("%s: Invalid value for %s: valid values are %s, and %s.",
			name, name, strings.Join(values[:last], ", "), values[last])
	}
	return setting{set: set, values: values}
}

// unstable accepts what may become of a script that uses a part of the language that is not settled.
func unstable(name string, field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		switch v {
		case "enable", "true", "1":
			*field(c) = "enable"
		case "warn":
			*field(c) = "warn"
		case "error", "false", "0":
			*field(c) = "error"
		default:
			//lint:ignore ST1005 these are bpftrace's words
			return fmt.Errorf("%s: Invalid value for unstable config: valid values are enable, warn, and error.", name)
		}
		return nil
	}
}

// license accepts the licenses that the kernel takes for GPL-compatible.
func license(c *Config, v string) error {
	valid := []string{"Dual MIT/GPL", "Dual BSD/GPL", "Dual MPL/GPL", "GPL and additional rights", "GPL v2", "GPL"}
	for _, l := range valid {
		if v == l {
			c.License = v
			return nil
		}
	}
	//lint:ignore ST1005 these are bpftrace's words
	return fmt.Errorf("Invalid value for license. Found: %s. Valid values: %s. Read more about BPF programs and licensing: "+
		"https://docs.kernel.org/bpf/bpf_licensing.html#using-bpf-programs-in-the-linux-kernel", v, strings.Join(valid, ", "))
}
