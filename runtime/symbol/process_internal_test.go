package symbol

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// dying is a maps file whose process ends after the first piece of it was read.
type dying struct{ io.Reader }

func (dying) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }

func TestMapsOfAProcessThatEnds(t *testing.T) {
	t.Parallel()
	const (
		program = "00400000-00402000 r-xp 00000000 08:01 11 /bin/program\n"
		library = "7f0000000000-7f0000002000 r-xp 00000000 08:01 12 /lib/library.so\n"
	)
	files := &fileNames{}
	data, whole := readMaps(strings.NewReader(program + library))
	require.True(t, whole)
	p := &process{files: files}
	p.take(parseMaps(string(data), files), whole)
	require.Len(t, p.last(), 2)

	data, whole = readMaps(dying{strings.NewReader(program)})
	require.False(t, whole)
	p.take(parseMaps(string(data), files), whole)
	require.Len(t, p.last(), 2, "what is known is kept where less could be read")

	data, whole = readMaps(strings.NewReader(program))
	p.take(parseMaps(string(data), files), whole)
	require.Len(t, p.last(), 1, "the library was unmapped")

	p = &process{files: files}
	p.take(parseMaps(program, files), false)
	require.Len(t, p.last(), 1, "better than nothing")
}

func TestRootsOfAProcess(t *testing.T) {
	t.Parallel()
	r := &Resolver{}
	require.Equal(t, []string{""}, r.roots(os.Getpid()), "its files are ours, under names that last")
	require.False(t, seesOurFiles(1<<30), "a process that is gone")
}
