package runtime

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAdvice(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{
			"program of this type cannot use helper bpf_probe_write_user#36",
			"this kernel does not let the probe's programs call bpf_probe_write_user: it was built without it, or is locked down",
		},
		{"unknown func bpf_loop#181", "this kernel does not let the probe's programs call bpf_loop: it was built without it, or is locked down"},
		{"The total number of maps per program has reached the limit of 64", "the kernel lets one action use so many maps; use fewer, or one map with a key"},
		{"infinite loop detected at insn 5", "the kernel sees no end of a loop; for $i : 0..n { … } has one that it knows"},
		{"R0 invalid mem access 'scalar'", "this is a bug in gtrace; -d verifier prints the whole log"},
	} {
		require.Equal(t, c.want, (&VerifierError{Log: []string{"0: (b7) r0 = 0", c.line, "processed 1 insns"}}).advice())
	}
}
