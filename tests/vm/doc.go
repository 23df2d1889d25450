// Package vm boots kernels under qemu and runs gtrace inside: one boot per kernel, many cases in it. A Case says what to
// start, what to do once it is attached, and what must have been printed; the guest (tests/vm/guest) only runs cases
// and reports, the judging is done outside.
//
// Other packages' tests run in the guests, too: random programs (tests/property), golden scripts (codegen), the forms of builtins
// (tests/matrix), and the conformance table (tests/peer). Of the last, each guest runs a part: a case of every other row of
// docs/conformance.md, in each guest other ones, so that every row runs on two kernels. GTRACE_VM_CONFORMANCE=1 runs the whole
// table on every kernel, and GTRACE_VM_FORMS=1 every form in every probe type, loaded and, where probes can be made to fire, with its value
// compared; both take some ten minutes of a CPU for each kernel. GTRACE_VM names one kernel's suite, GTRACE_VM_CASES the cases to run.
//
// It must not import a stage of the compiler or the runtime: it drives the gtrace binary as a user would.
package vm
