package cdef

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/diag"
)

func TestWhatIsSaidAboutC(t *testing.T) {
	var l diag.List
	l.Errorf(diag.Span{}, "of-the-script", "a")
	r := reporter{&l}
	r.Errorf(diag.Span{}, "of-c", "b")
	r.Warnf(diag.Span{}, "of-c", "c").Hintf("d")
	var classes []diag.Class
	for _, d := range l.All() {
		classes = append(classes, d.Class)
	}
	require.Equal(t, []diag.Class{diag.ClassScript, diag.ClassSurroundings, diag.ClassSurroundings}, classes)
}
