package runtime

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/runtime/value"
)

func TestJoinLeavesEmptyStringsOut(t *testing.T) {
	e := &object.Event{Format: ","}
	require.Equal(t, "a,bc,d\n", join(e, []value.Value{value.Bytes{B: []byte("a\x00bc\x00\x00d\x00")}}))
	require.Equal(t, "\n", join(e, nil))
}

func TestHeadReadsTheBeginning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("0123456789"), 0o600))
	for most, want := range map[int]string{0: "", 4: "0123", 100: "0123456789"} {
		got, err := head(path, most)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	_, err := head(path+"x", 4)
	require.Equal(t, "No such file or directory", errText(err))
}
