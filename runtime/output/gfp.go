package output

import "strconv"

// gfpFlag is a set of bits of what the kernel's allocators are asked for, with the name that the kernel gives it.
type gfpFlag struct {
	bits uint64
	name string
}

// gfpFlags are the names of the kernel's tracepoints, in their order: those of several bits first. The bits from 23 on depend on how
// a kernel was built and have no names here.
var gfpFlags = [...]gfpFlag{
	{0x1c24ca, "GFP_TRANSHUGE"},
	{0x1c20ca, "GFP_TRANSHUGE_LIGHT"},
	{0x100cca, "GFP_HIGHUSER_MOVABLE"},
	{0x100cc2, "GFP_HIGHUSER"},
	{0x100cc0, "GFP_USER"},
	{0x400cc0, "GFP_KERNEL_ACCOUNT"},
	{0xcc0, "GFP_KERNEL"},
	{0xc40, "GFP_NOFS"},
	{0x820, "GFP_ATOMIC"},
	{0xc00, "GFP_NOIO"},
	{0x2800, "GFP_NOWAIT"},
	{0x1, "GFP_DMA"},
	{0x4, "GFP_DMA32"},
	{0x2, "__GFP_HIGHMEM"},
	{0x8, "__GFP_MOVABLE"},
	{0x10, "__GFP_RECLAIMABLE"},
	{0x20, "__GFP_HIGH"},
	{0x40, "__GFP_IO"},
	{0x80, "__GFP_FS"},
	{0x100, "__GFP_ZERO"},
	{0x400, "__GFP_DIRECT_RECLAIM"},
	{0x800, "__GFP_KSWAPD_RECLAIM"},
	{0x1000, "__GFP_WRITE"},
	{0x2000, "__GFP_NOWARN"},
	{0x4000, "__GFP_RETRY_MAYFAIL"},
	{0x8000, "__GFP_NOFAIL"},
	{0x10000, "__GFP_NORETRY"},
	{0x20000, "__GFP_MEMALLOC"},
	{0x40000, "__GFP_COMP"},
	{0x80000, "__GFP_NOMEMALLOC"},
	{0x100000, "__GFP_HARDWALL"},
	{0x200000, "__GFP_THISNODE"},
	{0x400000, "__GFP_ACCOUNT"},
}

// appendGFP writes the names of flags, and the bits without a name as a number.
func appendGFP(b []byte, flags uint64) []byte {
	if flags == 0 {
		return append(b, '0')
	}
	start := len(b)
	for _, f := range &gfpFlags {
		if flags&f.bits == f.bits {
			b = append(append(b, f.name...), '|')
			flags &^= f.bits
		}
	}
	if flags != 0 {
		return strconv.AppendUint(append(b, "0x"...), flags, 16)
	}
	return b[:max(start, len(b)-1)]
}
