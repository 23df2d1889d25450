package stdlib

import "github.com/gtrace/gtrace/lang/types"

// laterBuiltins are names of the language that are known but not accepted yet, so that a script that uses one is told so.
func laterBuiltins() []*Builtin {
	var out []*Builtin
	for _, name := range []string{
		"ctx", "username", "cgroup", "numaid", "ncpus", "has_cpid", "probetype", "usermode", "config", "getopt",
	} {
		out = append(out, later(name, false))
	}
	for _, name := range []string{
		"ppid", "pcomm", "leader_tid", "leader_comm", "cgroupid", "cgroup_path", "reg", "is_array", "is_integer",
		"is_unsigned_integer", "is_ptr", "is_str", "is_literal", "kfunc_exist", "kfunc_allowed", "is_err", "strlen", "strncmp",
		"strstr", "strcontains", "str_concat", "strcap", "memcmp", "buf", "ntop", "pton", "macaddr", "bswap", "container_of", "path",
		"socket_cookie", "strerror", "signal_name", "syscall_name", "kaddr", "percpu_kaddr", "uaddr", "dw_ustack", "kptr", "uptr",
		"len", "strftime", "find", "has_key", "errorf", "warnf", "debugf", "cat", "join", "system", "assert", "assert_str",
		"static_assert", "fail", "signal", "signal_thread", "override", "write_user", "unwatch", "skboutput", "tseries",
	} {
		out = append(out, later(name, true))
	}
	return out
}

func later(name string, call bool) *Builtin {
	return &Builtin{Signature: types.Signature{
		Name: name, Doc: "Not supported yet.", Result: types.Void{}, Call: call, Variadic: call, BareOK: call, Unsupported: true,
	}}
}
