package probe_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/runtime/probe"
)

// cppSource has functions of the names that a C++ compiler makes; the last two are one function.
const cppSource = `
int _ZN2ns1fEi(int a) { return a; }
int _ZN2ns1fEdi(double d, int a) { return a; }
int _ZNK2ns1CclEi(int a) { return a; }
int _ZN2ns1CplEi(int a) { return a; }
int _ZN2ns4tmplIiEET_S1_(int a) { return a; }
int plain(int a) { return a; }
int _ZN2ns1CC2Ei(int a) { return a; }
int _ZN2ns1CC1Ei(int a) __attribute__((alias("_ZN2ns1CC2Ei")));
int main(void) { return 0; }
`

func TestCPPNames(t *testing.T) {
	path := mustBuild(t, cppSource)
	s := mustRecord(t)
	tests := []struct {
		text string
		want []string
	}{
		{"ns::f(int)", []string{"_ZN2ns1fEi"}},
		{"ns::f(double, int)", []string{"_ZN2ns1fEdi"}},
		{"ns::f", []string{"_ZN2ns1fEdi", "_ZN2ns1fEi"}},
		{"ns::f*", []string{"_ZN2ns1fEdi", "_ZN2ns1fEi"}},
		{"ns::f(*", []string{"_ZN2ns1fEdi", "_ZN2ns1fEi"}},
		{"_ZN2ns1fEi", []string{"_ZN2ns1fEi"}},
		{"plain", []string{"plain"}},
		{"ns::C::operator()", []string{"_ZNK2ns1CclEi"}},
		{"ns::C::operator+(int)", []string{"_ZN2ns1CplEi"}},
		{"ns::C::operator+", []string{"_ZN2ns1CplEi"}},
		{"int ns::tmpl<int>", []string{"_ZN2ns4tmplIiEET_S1_"}},
		{"ns::C::C", []string{"_ZN2ns1CC1Ei"}},
		{"ns::f(int)+1", []string{"_ZN2ns1fEi+1"}},
		{"ns::none*", nil},
	}
	for _, test := range tests {
		var got []string
		for _, m := range mustResolve(t, s, check.ResolveOptions{Unsafe: true}, "u", path, "cpp", test.text) {
			got = append(got, m.Probe.Name)
		}
		var want []string
		for _, name := range test.want {
			want = append(want, "uprobe:"+path+":cpp:"+name)
		}
		if test.text == "ns::C::C" && len(got) == 1 { // which of the names of a constructor comes first is the linker's choice
			require.Contains(t, []string{want[0], "uprobe:" + path + ":cpp:_ZN2ns1CC2Ei"}, got[0])
			continue
		}
		require.Equal(t, want, got, test.text)
	}
}

func TestCPPErrors(t *testing.T) {
	path := mustBuild(t, cppSource)
	s := mustRecord(t)
	tests := []struct{ kind, lang, fn, message, hint string }{
		{"uprobe", "rust", "f", "unsupported language type: rust", ""},
		{"uprobe", "cpp", "", "uprobe should be attached to a function, address, or source file and line (using DWARF)", ""},
		{"uretprobe", "cpp", "ns::f(int)+1", "Offset not allowed", ""},
		{"uprobe", "cpp", "ns::g", "No matches for uprobe " + path + ":cpp:ns::g.", `did you mean uprobe:` + path + `:cpp:"ns::f"?`},
		{"uprobe", "cpp", "ns::f(unt)", "No matches for uprobe " + path + ":cpp:ns::f(unt).", `did you mean uprobe:` + path + `:cpp:"ns::f(int)"?`},
		{"uprobe", "cpp", "ns::f(int)+4096", "Offset outside the function bounds ('_ZN2ns1fEi' size is", ""},
	}
	for _, test := range tests {
		p, _ := s.Provider(test.kind)
		_, err := p.Resolve(attach.Point{Type: test.kind, Parts: []string{path, test.lang, test.fn}}, check.ResolveOptions{})
		var perr *check.PointError
		require.ErrorAs(t, err, &perr, test.fn)
		require.Contains(t, perr.Message, test.message)
		require.Equal(t, test.hint, perr.Hint)
	}
}

func TestCPPList(t *testing.T) {
	path := mustBuild(t, cppSource)
	found, err := mustRecord(t).List("uretprobe:"+path+`:cpp:"ns::f"`, probe.ListOptions{})
	require.NoError(t, err)
	require.Equal(t, []probe.Listed{
		{Name: "uretprobe:" + path + `:cpp:"ns::f(double, int)"`}, {Name: "uretprobe:" + path + `:cpp:"ns::f(int)"`},
	}, found)
}
