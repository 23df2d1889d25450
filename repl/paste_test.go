package repl

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestPasteReader(t *testing.T) {
	tests := []struct{ name, in, out string }{
		{"typed", "ab\t\x1b[A\r", "ab\t\x1b[A\r"},
		{"Ctrl-J", "ab\n", "ab\r"},
		{"a word", pasteStart + "word" + pasteEnd + "\r", "word\r"},
		{"lines", pasteStart + "a\rb\rc" + pasteEnd, "a\nb\nc"},
		{"lines with their ends", pasteStart + "a\r\nb\r\n" + pasteEnd, "a\nb\r"},
		{"empty lines", pasteStart + "a\n\n\nb\n" + pasteEnd, "a\n\n\nb\r"},
		{"tabs", pasteStart + "\ta\tb" + pasteEnd + "\t", "    a    b\t"},
		{"control characters", pasteStart + "a\x03\x04\x12\x1b[Ab\x7f" + pasteEnd, "a[Ab"},
		{"UTF-8", pasteStart + "größe" + pasteEnd, "größe"},
		{"two", pasteStart + "a\r" + pasteEnd + pasteStart + "b\r" + pasteEnd, "a\rb\r"},
		{"without an end", pasteStart + "a\rb", "a\nb"},
		{"nearly a mark", "\x1b[200x", "\x1b[200x"},
		{"nearly an end", pasteStart + "a\x1b[201x" + pasteEnd, "a[201x"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := io.ReadAll(&pasteReader{r: bytes.NewReader([]byte(test.in))})
			require.NoError(t, err)
			require.Equal(t, test.out, string(got))
			got, err = io.ReadAll(&pasteReader{r: iotest.OneByteReader(bytes.NewReader([]byte(test.in)))})
			require.NoError(t, err)
			require.Equal(t, test.out, string(got), "byte by byte")
		})
	}
	got, err := io.ReadAll(&pasteReader{r: bytes.NewReader([]byte("a {\r\tb\r}\r"))})
	require.NoError(t, err)
	require.Equal(t, "a {\r    b\r}\r", string(got), "several lines at once")
}

func FuzzPasteReader(f *testing.F) {
	f.Add([]byte(pasteStart+"a\r\n\tb"+pasteEnd+"c"), 3)
	f.Add([]byte("\x1b[20"), 1)
	f.Fuzz(func(t *testing.T, in []byte, size int) {
		r := &pasteReader{r: bytes.NewReader(in)}
		buf := make([]byte, 1+size&0xff)
		n := 0
		for {
			got, err := r.Read(buf)
			if n += got; err == io.EOF {
				break
			}
			require.NoError(t, err)
			require.NotZero(t, got)
		}
		require.LessOrEqual(t, n, 4*len(in))
	})
}

// What follows the end of a line stays where a Ctrl-C can be looked for.
func TestPasteReaderAhead(t *testing.T) {
	tests := []struct {
		name, in    string
		line, rest  string
		interrupted bool
	}{
		{"nothing follows", "a\r", "a\r", "", false},
		{"a line follows", "a\rb\r", "a\r", "b\r", false},
		{"Ctrl-C", "a\r\x03", "a\r", "", true},
		{"Ctrl-C behind a line", "a\rb\r\x03c\r", "a\r", "c\r", true},
		{"Ctrl-C in a paste", "a\r" + pasteStart + "b\x03c" + pasteEnd, "a\r", "bc", false},
		{"two", "a\r\x03b\x03c", "a\r", "c", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := bytes.NewReader([]byte(test.in))
			p := &pasteReader{r: iotest.OneByteReader(in)}
			buf := make([]byte, 100)
			var line []byte
			for !bytes.HasSuffix(line, []byte{'\r'}) {
				n, err := p.Read(buf)
				require.NoError(t, err)
				line = append(line, buf[:n]...)
			}
			require.Equal(t, test.line, string(line))
			require.Equal(t, test.interrupted, p.ahead(func() bool { return in.Len() > 0 }))
			require.Equal(t, test.rest != "", p.waiting())
			rest, err := io.ReadAll(p)
			require.NoError(t, err)
			require.Equal(t, test.rest, string(rest))
		})
	}
	p := &pasteReader{r: bytes.NewReader([]byte("a\rb\r"))}
	buf := make([]byte, 100)
	n, err := p.Read(buf)
	require.NoError(t, err)
	require.Equal(t, "a\r", string(buf[:n]), "a line at a time")
}
