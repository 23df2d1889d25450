package main

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExecWords(t *testing.T) {
	const end = 0x7fff0000
	for _, args := range [][]string{{"a"}, {"a", "", "long word"}, {}} {
		block, words := execWords(end, "/bin/a", args)
		base := uint64(end - len(block))
		require.Zero(t, base%16, "a stack is aligned")
		text := func(addr uint64) string {
			from := block[addr-base:]
			return string(from[:bytes.IndexByte(from, 0)])
		}
		require.Equal(t, "/bin/a", text(base))
		array := block[words-base:]
		for i, a := range args {
			require.Equal(t, a, text(binary.NativeEndian.Uint64(array[8*i:])))
		}
		require.Zero(t, binary.NativeEndian.Uint64(array[8*len(args):]), "the words end")
	}
}
