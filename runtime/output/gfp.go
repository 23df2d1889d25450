package output

// gfpFlags are the kernel's flags of allocations, those of several bits first, as bpftrace names them.
var gfpFlags = [...]struct {
	bits uint64
	name string
}{
	{0x21c24ca, "GFP_TRANSHUGE"},
	{0x21c20ca, "GFP_TRANSHUGE_LIGHT"},
	{0x2100cca, "GFP_HIGHUSER_MOVABLE"},
	{0x100cc2, "GFP_HIGHUSER"},
	{0x100cc0, "GFP_USER"},
	{0x400cc0, "GFP_KERNEL_ACCOUNT"},
	{0xcc0, "GFP_KERNEL"},
	{0xc40, "GFP_NOFS"},
	{0x820, "GFP_ATOMIC"},
	{0xc00, "GFP_NOIO"},
	{0x2800, "GFP_NOWAIT"},
	{1 << 0, "GFP_DMA"},
	{1 << 1, "__GFP_HIGHMEM"},
	{1 << 2, "GFP_DMA32"},
	{1 << 5, "__GFP_HIGH"},
	{1 << 6, "__GFP_IO"},
	{1 << 7, "__GFP_FS"},
	{1 << 8, "__GFP_ZERO"},
	{1 << 10, "__GFP_DIRECT_RECLAIM"},
	{1 << 11, "__GFP_KSWAPD_RECLAIM"},
	{1 << 12, "__GFP_WRITE"},
	{1 << 13, "__GFP_NOWARN"},
	{1 << 14, "__GFP_RETRY_MAYFAIL"},
	{1 << 15, "__GFP_NOFAIL"},
	{1 << 16, "__GFP_NORETRY"},
	{1 << 17, "__GFP_MEMALLOC"},
	{1 << 18, "__GFP_COMP"},
	{1 << 19, "__GFP_NOMEMALLOC"},
	{1 << 20, "__GFP_HARDWALL"},
	{1 << 21, "__GFP_THISNODE"},
	{1 << 22, "__GFP_ACCOUNT"},
	{1 << 23, "__GFP_ZEROTAGS"},
	{1 << 24, "__GFP_SKIP_ZERO"},
	{1 << 25, "__GFP_SKIP_KASAN"},
	{1 << 26, "__GFP_NO_OBJ_EXT"},
}

// appendGFP writes the names of flags, and what has none as a number.
func appendGFP(b []byte, flags uint64) []byte {
	if flags == 0 {
		return append(b, '0')
	}
	start := len(b)
	for _, f := range &gfpFlags {
		if flags&f.bits != f.bits {
			continue
		}
		b, flags = append(append(b, f.name...), '|'), flags&^f.bits
	}
	if flags != 0 {
		return appendHex(b, flags)
	}
	return b[:max(start, len(b)-1)]
}
