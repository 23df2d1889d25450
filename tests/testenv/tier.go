package testenv

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// A Tier is a family of tests that needs more than a Go toolchain.
type Tier string

// The tiers.
const (
	// Host tests put real probes into the running kernel. They need root.
	Host Tier = "host"
	// Property tests run random programs in the running kernel. They need root.
	Property Tier = "property"
	// VM tests boot Debian's kernels under qemu. They run when they are asked for.
	VM Tier = "vm"
	// Peer tests compare with an installed bpftrace. They run when they are asked for.
	Peer Tier = "peer"
)

// Skip skips the test because its tier cannot run. With GTRACE_REQUIRE_TIERS=1 the test fails instead.
func Skip(t testing.TB, tier Tier, reason string) {
	t.Helper()
	if os.Getenv("GTRACE_REQUIRE_TIERS") == "1" {
		t.Fatalf("%s tier: %s (and GTRACE_REQUIRE_TIERS is set)", tier, reason)
	}
	note(t, "wants", tier, reason)
	t.Skipf("%s tier: %s", tier, reason)
}

// leave skips a test that this kernel cannot run and one of the vm tier's can. With GTRACE_REQUIRE_TIERS=1 the test fails instead: it has
// to say what gtrace does on such a kernel, or to belong to the vm tier.
func leave(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("GTRACE_REQUIRE_TIERS") == "1" {
		t.Fatalf("host tier: %s (and GTRACE_REQUIRE_TIERS is set)", reason)
	}
	note(t, "left", VM, reason)
	t.Skipf("host tier: %s; the vm tier has kernels that run this", reason)
}

// note adds a line about a skipped test to the file that GTRACE_SKIPS names, from which scripts/test counts them.
func note(t testing.TB, kind string, tier Tier, reason string) {
	t.Helper()
	path := os.Getenv("GTRACE_SKIPS")
	if path == "" {
		return
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("note a skipped test: %v", err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		t.Fatalf("note a skipped test: %v", err)
	}
	defer f.Close()
	if _, err := fmt.Fprintf(f, "%s\t%s\t%s\t%s tier: %s\n", kind, dir, t.Name(), tier, reason); err != nil {
		t.Fatalf("note a skipped test: %v", err)
	}
}

// Asked skips the test unless its tier is named in GTRACE_TIER, a list with commas ("all" for every one). A tier that was not
// asked for is skipped even when all are required: whoever requires them asks for them one after the other.
func Asked(t testing.TB, tier Tier) {
	t.Helper()
	asked := strings.Split(os.Getenv("GTRACE_TIER"), ",")
	if !slices.Contains(asked, string(tier)) && !slices.Contains(asked, "all") {
		t.Skipf("%s tier: not asked for (make test-%s)", tier, tier)
	}
}

// Privileged skips the test unless it runs as root. GTRACE_PRIVILEGED=1 and GTRACE_REQUIRE_TIERS=1 make that a failure.
func Privileged(t testing.TB) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("GTRACE_PRIVILEGED") == "1" {
		t.Fatal("host tier: needs root (and GTRACE_PRIVILEGED is set)")
	}
	Skip(t, Host, "needs root")
}
