package probe

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The encodings are an assembler's.
func TestInstructionLength(t *testing.T) {
	for text, code := range map[string]string{
		"nop":                            "90",
		"push %rbp":                      "55",
		"mov %rsp,%rbp":                  "48 89 e5",
		"add 0x2eed(%rip),%rax":          "48 03 05 ed 2e 00 00",
		"sub $5,%rax":                    "48 83 e8 05",
		"sub $0x12345,%rsp":              "48 81 ec 45 23 01 00",
		"cmp $0x1234,%ax":                "66 3d 34 12",
		"mov $1,%eax":                    "b8 01 00 00 00",
		"mov $1,%ax":                     "66 b8 01 00",
		"movabs $0x1122334455667788,%r9": "49 b9 88 77 66 55 44 33 22 11",
		"movabs 0x1122334455667788,%eax": "a1 88 77 66 55 44 33 22 11",
		"movl $1,8(%rsp)":                "c7 44 24 08 01 00 00 00",
		"movw $1,8(%rsp,%rax,4)":         "66 c7 44 84 08 01 00",
		"movb $1,table(,%rax,8)":         "c6 04 c5 00 10 00 00 01",
		"mov %fs:0x28,%rax":              "64 48 8b 04 25 28 00 00 00",
		"test $1,%dil":                   "40 f6 c7 01",
		"not %rdi":                       "48 f7 d7",
		"testl $1,(%rax)":                "f7 00 01 00 00 00",
		"call":                           "e8 00 00 00 00",
		"jne":                            "0f 85 00 01 00 00",
		"je short":                       "74 10",
		"call *8(%r13)":                  "41 ff 55 08",
		"ret $8":                         "c2 08 00",
		"enter":                          "c8 10 00 00",
		"endbr64":                        "f3 0f 1e fa",
		"data16 cs nopw":                 "66 66 2e 0f 1f 84 00 00 00 00 00",
		"lock cmpxchg %rdx,(%rdi)":       "f0 48 0f b1 17",
		"rep stos":                       "f3 48 ab",
		"syscall":                        "0f 05",
		"mov %rax,%cr3":                  "0f 22 d8",
		"pshufd $1,%xmm0,%xmm1":          "66 0f 70 c8 01",
		"extrq $1,$2,%xmm0":              "66 0f 78 c0 02 01",
		"pshufb %xmm0,%xmm1":             "66 0f 38 00 c8",
		"palignr $1,%xmm0,%xmm1":         "66 0f 3a 0f c8 01",
		"vzeroupper":                     "c5 f8 77",
		"vpshufd $1,%ymm0,%ymm1":         "c5 fd 70 c8 01",
		"vpbroadcastb %xmm0,%ymm0":       "c4 e2 7d 78 c0",
		"vinserti128 $1,%xmm0,%ymm0":     "c4 e3 7d 38 c0 01",
		"vmovdqu64 0x40(%rsi),%zmm17":    "62 e1 fe 48 6f 4e 01",
		"vpternlogd $0,%zmm0,%zmm1":      "62 f3 75 48 25 c0 00",
		"vphaddubq (%rdi),%xmm0":         "8f e9 78 d3 07",
		"pop (%rax)":                     "8f 00",
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(code, " ", ""))
		require.NoError(t, err)
		n, ok := amd64Length(append(b, 0xcc, 0xcc))
		require.True(t, ok, text)
		require.Equal(t, len(b), n, text)
		if len(b) > 1 {
			n, ok := amd64Length(b[:len(b)-1])
			require.False(t, ok && n == len(b), "%s cut short", text)
		}
	}
	for _, code := range []string{"06", "0f0a", "62f4fc180800", "d5080f", "66666666666666666666666666666690", ""} {
		b, err := hex.DecodeString(code)
		require.NoError(t, err)
		_, ok := amd64Length(append(b, make([]byte, 4*min(1, len(b)))...))
		require.False(t, ok, code)
	}
}
