package vm_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

func TestCaseCheck(t *testing.T) {
	tests := []struct {
		name   string
		want   vm.Case
		result wire.Result
		err    string // a piece of it; empty for none
	}{
		{"nothing expected", vm.Case{}, wire.Result{Stdout: "anything"}, ""},
		{"problem", vm.Case{}, wire.Result{Problem: "never attached"}, "guest: never attached"},
		{"exit", vm.Case{Exit: 3}, wire.Result{Exit: 3}, ""},
		{"wrong exit", vm.Case{}, wire.Result{Exit: 1, Stderr: "why"}, "want exit status 0, got 1"},
		{"wrong exit shows stderr", vm.Case{}, wire.Result{Exit: 1, Stderr: "why\n"}, "stderr:\n  why\n"},
		{"exact", vm.Case{Stdout: vm.Exact("@: 5")}, wire.Result{Stdout: "\n\n@: 5\n"}, ""},
		{"not exact", vm.Case{Stdout: vm.Exact("@: 5")}, wire.Result{Stdout: "@: 50\n"}, `stdout: want "@: 5"`},
		{"lines", vm.Case{Stdout: vm.Lines{"b", "a"}}, wire.Result{Stdout: "a\n\nb\n"}, ""},
		{"line too many", vm.Case{Stdout: vm.Lines{"b", "a"}}, wire.Result{Stdout: "a\nb\nb\n"}, "stdout: want the lines"},
		{"match", vm.Case{Stderr: vm.Match(`Attached \d+ probes?`)}, wire.Result{Stderr: "Attached 12 probes\n"}, ""},
		{"match of the whole", vm.Case{Stderr: vm.Match(`Attached \d+`)}, wire.Result{Stderr: "Attached 12 probes\n"}, "stderr: want a match"},
		{"match over lines", vm.Case{Stderr: vm.Match(`a.*c`)}, wire.Result{Stderr: "a\nb\nc\n"}, ""},
		{"has", vm.Case{Stderr: vm.Has{"a", "c"}}, wire.Result{Stderr: "abc"}, ""},
		{"has not", vm.Case{Stderr: vm.Has{"a", "d"}}, wire.Result{Stderr: "abc"}, `want "d" in it`},
		{"also", vm.Case{Also: func(wire.Result) error { return errors.New("odd") }}, wire.Result{}, "odd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.want.Check(tt.result)
			if tt.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.err)
		})
	}
}

func TestFor(t *testing.T) {
	named := func(name string, since target.Version) vm.Case {
		return vm.Case{Case: wire.Case{Name: name}, Since: since}
	}
	cases := []vm.Case{named("all", target.Version{}), named("new", target.Version{Major: 6, Minor: 6}), named("same", target.Version{Major: 6, Minor: 1})}
	run, older := vm.For(vm.Kernel{Release: "6.1.0-50-cloud-amd64"}, cases)
	require.Len(t, run, 2)
	require.Equal(t, "all", run[0].Name)
	require.Equal(t, "same", run[1].Name)
	require.Equal(t, []string{"new"}, older)
}

func TestParseKernels(t *testing.T) {
	got, err := vm.ParseKernels("bullseye 5.10.0-46-cloud-amd64 /b/vmlinuz /b/mod\nsid 7.2.13+deb14-cloud-amd64 /s/vmlinuz /s/mod\n")
	require.NoError(t, err)
	require.Equal(t, []vm.Kernel{
		{Suite: "bullseye", Release: "5.10.0-46-cloud-amd64", Image: "/b/vmlinuz", Modules: "/b/mod"},
		{Suite: "sid", Release: "7.2.13+deb14-cloud-amd64", Image: "/s/vmlinuz", Modules: "/s/mod"},
	}, got)
	require.Equal(t, target.Version{Major: 7, Minor: 2}, got[1].Version())
	for _, bad := range []string{"sid 7.2\n", "sid new /a /b\n", "sid 7.2 /a /b c\n"} {
		_, err := vm.ParseKernels(bad)
		require.Error(t, err, bad)
	}
}
