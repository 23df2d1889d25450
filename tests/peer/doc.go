// Package peer holds gtrace to what bpftrace prints: a table of small programs with the output that bpftrace 0.27 has for each.
//
// TestConformance (host tier) runs the table under gtrace, TestPeer (peer tier) under bpftrace itself, so that the table stays
// true. The vm tier runs TestConformance on other kernels; one that is too old for a case has to say what the case names. A case that gtrace answers differently on purpose is marked with its reason; what it expects is gtrace's answer then.
package peer
