package check

import "github.com/gtrace/gtrace/lang/diag"

// passLimits holds the script to max_probes. The attach pass must have run; it holds it to max_bpf_progs itself, since
// every program costs a clone.
func (c *checker) passLimits() {
	n := 0
	for _, p := range c.info.Programs {
		n += len(p.Probes)
	}
	if limit := c.info.Config.MaxProbes; n > limit {
		d := c.diags.Errorf(diag.Span{}, "too-many-probes",
			"Can't attach to %d probes because it exceeds the current limit of %d probes.", n, limit)
		d.Hintf("You can increase the limit with the max_probes config variable or GTRACE_MAX_PROBES, but be careful: " +
			"a high number of probes attached can slow the system down.")
	}
}
