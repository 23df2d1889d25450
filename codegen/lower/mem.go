package lower

import (
	"github.com/gtrace/gtrace/codegen/ir"
)

const (
	// inlineCopy is the number of bytes up to which memory is copied by loads and stores. One helper call costs as much as
	// about 16 of them.
	inlineCopy = 128
	// inlineZero is the same for zeroing by stores.
	inlineZero = 128
)

// wordAt returns the largest power of two of bytes that fits in what is left at an offset: both aligned and within n.
func wordAt(off int64, left int) int {
	for w := 8; w > 1; w /= 2 {
		if left >= w && off%int64(w) == 0 {
			return w
		}
	}
	return 1
}

// peel takes constant offsets off an address, so that its alignment shows: what is left begins at a whole word.
func peel(v *ir.Value, off int64) (*ir.Value, int64) {
	for v.Op == ir.OpAdd && v.Args[1].Op == ir.OpConst {
		off += v.Args[1].Imm
		v = v.Args[0]
	}
	return v, off
}

// copyBytes copies n bytes.
func (f *fn) copyBytes(dst *ir.Value, dstOff int64, src *ir.Value, srcOff int64, n int) {
	if n > inlineCopy {
		// All sources are memory that the kernel may read, so this does not fail.
		f.b.Call(ir.HelperProbeReadKernel, f.b.AddImm(dst, dstOff), f.b.Const(int64(n)), f.b.AddImm(src, srcOff))
		return
	}
	dst, dstOff = peel(dst, dstOff)
	src, srcOff = peel(src, srcOff)
	for i := 0; i < n; {
		w := min(wordAt(dstOff+int64(i), n-i), wordAt(srcOff+int64(i), n-i))
		f.b.Store(dst, dstOff+int64(i), w, f.b.Load(src, srcOff+int64(i), w, false))
		i += w
	}
}

// zeroBytes sets n bytes to zero. Large objects are zeroed by a read of address 0: the helper refuses the address and clears
// the destination, which is one memset and one call on every kernel.
func (f *fn) zeroBytes(dst *ir.Value, off int64, n int) {
	if n > inlineZero {
		f.b.Call(ir.HelperProbeReadKernel, f.b.AddImm(dst, off), f.b.Const(int64(n)), f.b.Const(0))
		return
	}
	dst, off = peel(dst, off)
	for i := 0; i < n; {
		w := wordAt(off+int64(i), n-i)
		f.b.Store(dst, off+int64(i), w, f.b.Const(0))
		i += w
	}
}

// putText stores a text that is known at compile time, followed by zeros up to size.
func (f *fn) putText(dst *ir.Value, off int64, s string, size int) {
	buf := make([]byte, size)
	copy(buf, s)
	used := min(size, (len(s)+8)/8*8)
	dst, off = peel(dst, off)
	for i := 0; i < used; {
		w := wordAt(off+int64(i), used-i)
		f.b.Store(dst, off+int64(i), w, f.b.Const(littleEndian(buf[i:i+w])))
		i += w
	}
	f.zeroBytes(dst, off+int64(used), size-used)
}

// littleEndian is the number that bytes are in memory; all targets are little endian.
func littleEndian(b []byte) int64 {
	var n uint64
	for i := len(b) - 1; i >= 0; i-- {
		n = n<<8 | uint64(b[i])
	}
	if len(b) < 8 && len(b) == 4 {
		return int64(int32(n))
	}
	return int64(n)
}
