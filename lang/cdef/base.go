package cdef

import "github.com/gtrace/gtrace/lang/types"

// ctype is a type of C: what scripts see of it, and how it lies in memory.
type ctype struct {
	typ         types.Type
	size, align int
	// tag is set for a struct, union or enum by name, which may not be defined yet.
	tag *tag
	// function is set for the type of a function, char for char without a sign.
	function, char bool
}

func of(t types.Type) ctype {
	return ctype{typ: t, size: types.Sizeof(t), align: types.Alignof(t)}
}

func opaque(size int) ctype {
	return ctype{typ: types.Array{Elem: types.Uint8, Len: size}, size: size, align: size}
}

func pointer(to ctype) ctype {
	if to.function {
		return of(types.Pointer{Elem: types.Void{}})
	}
	return of(types.Pointer{Elem: to.typ})
}

func array(elem ctype, n int) ctype {
	a := types.Array{Elem: elem.typ, Len: n}
	if elem.char && n > 0 {
		a.Text = n + 1
	}
	return ctype{typ: a, size: n * elem.size, align: elem.align}
}

// wellKnown has the typedefs of Linux and of the C library that are the same on every 64-bit machine.
func wellKnown(name string) (types.Type, bool) {
	switch name {
	case "s8", "__s8", "int8_t":
		return types.Int8, true
	case "u8", "__u8", "uint8_t", "u_int8_t", "unchar", "u_char", "bool":
		return types.Uint8, true
	case "s16", "__s16", "int16_t":
		return types.Int16, true
	case "u16", "__u16", "uint16_t", "u_int16_t", "__be16", "__le16", "__sum16", "umode_t", "ushort", "sa_family_t", "u_short",
		"__kernel_sa_family_t", "in_port_t":
		return types.Uint16, true
	case "s32", "__s32", "int32_t", "pid_t", "key_t", "clockid_t", "__kernel_pid_t":
		return types.Int32, true
	case "u32", "__u32", "uint32_t", "u_int32_t", "__be32", "__le32", "__wsum", "gfp_t", "fmode_t", "uid_t", "gid_t", "dev_t",
		"uint", "u_int", "slab_flags_t", "blk_opf_t", "socklen_t", "in_addr_t", "__poll_t", "__portpair":
		return types.Uint32, true
	case "s64", "__s64", "int64_t", "ssize_t", "loff_t", "off_t", "ptrdiff_t", "intptr_t", "ktime_t", "time64_t", "time_t",
		"intmax_t", "__kernel_ssize_t", "__kernel_off_t", "__kernel_loff_t", "clock_t":
		return types.Int64, true
	case "u64", "__u64", "uint64_t", "u_int64_t", "__be64", "__le64", "size_t", "uintptr_t", "ulong", "sector_t", "blkcnt_t",
		"phys_addr_t", "resource_size_t", "dma_addr_t", "uintmax_t", "__kernel_size_t", "u_long", "__addrpair", "ino_t":
		return types.Uint64, true
	}
	return nil, false
}
