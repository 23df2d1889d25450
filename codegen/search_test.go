package codegen_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/testenv"
)

// setText assigns a string to a scalar map.
func (r ran) setText(name, text string) {
	r.t.Helper()
	for _, m := range r.obj.Manifest.Maps {
		if m.Name != name {
			continue
		}
		value := make([]byte, r.coll.Maps[m.Spec].ValueSize())
		require.Less(r.t, len(text), len(value)-8)
		copy(value, text)
		binary.LittleEndian.PutUint64(value[len(value)-8:], 1)
		require.NoError(r.t, r.coll.Maps[m.Spec].Put(make([]byte, 4), value))
		return
	}
	require.Fail(r.t, "no map "+name)
}

// word makes a text of few letters, often of one part again and again, so that needles are nearly found at many places.
func word(rng *rand.Rand, n int) string {
	var b strings.Builder
	part := make([]byte, 1+rng.IntN(9))
	for b.Len() < n {
		if b.Len() == 0 || rng.IntN(20) == 0 {
			for i := range part {
				part[i] = 'a' + byte(rng.IntN(2))
			}
		}
		b.Write(part)
	}
	return b.String()[:n]
}

// needle makes one that is often in the haystack, or nearly.
func needle(rng *rand.Rand, hay string) string {
	from := rng.IntN(len(hay) + 1)
	to := from + rng.IntN(len(hay)-from+1)
	n := []byte(hay[from:to])
	switch rng.IntN(5) {
	case 0:
		return word(rng, rng.IntN(1024))
	case 1:
		if len(n) > 0 {
			n[rng.IntN(len(n))] ^= 3
		}
	case 2:
		n = append(n, 'a')
	}
	return string(n[:min(len(n), 1023)])
}

// found is what strstr says.
func found(hay, needle string) int64 {
	if i := strings.Index(hay, needle); i >= 0 {
		return int64(i)
	}
	return -2
}

// TestLongSearch compares the search for strings of any length with that of Go.
func TestLongSearch(t *testing.T) {
	testenv.Privileged(t)
	for _, on := range []target.Recorded{newest, oldest} {
		t.Run(fmt.Sprint(on.Version), func(t *testing.T) {
			r := mustRun(t, `BEGIN { @at = strstr(@hay, @needle); @has = strcontains(@hay, @needle); }
				END { @hay = str((uint64)0); @needle = str((uint64)0); }`, on)
			rng := rand.New(rand.NewPCG(11, 12))
			hits := 0
			for range 1500 {
				hay := word(rng, rng.IntN(1024))
				n := needle(rng, hay)
				r.setText("@hay", hay)
				r.setText("@needle", n)
				_, err := r.coll.Programs["gt_0"].Run(&ebpf.RunOptions{})
				require.NoError(t, err)
				want := found(hay, n)
				require.Equal(t, want, r.scalar("@at"), "%q in %q", n, hay)
				require.Equal(t, want >= 0, r.scalar("@has") != 0, "%q in %q", n, hay)
				if want > 0 {
					hits++
				}
			}
			require.Greater(t, hits, 200, "the needles are found often enough to say something")
		})
	}
}

// TestLongLiteral looks for literals of more bytes than are compared at every place.
func TestLongLiteral(t *testing.T) {
	testenv.Privileged(t)
	rng := rand.New(rand.NewPCG(13, 14))
	for n := 60; n <= 300; n += 40 {
		hay := word(rng, 350)
		literal := hay[350-n:]
		if n%80 == 0 {
			literal = "c" + literal[1:]
		}
		r := mustRun(t, fmt.Sprintf(`BEGIN { $hay = %q; @at = strstr($hay, %q); }`, hay, literal), oldest)
		require.Equal(t, found(hay, literal), r.scalar("@at"), "%q in %q", literal, hay)
	}
}
