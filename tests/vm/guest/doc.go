// Command guest is the only program of a guest of the vm tier besides gtrace and busybox. Its name says what it does: as
// init it makes the machine usable, runs the cases and powers off; as worker it does a counted piece of work for probes
// to see; as selftest it loads a BPF program by itself, which proves the tier without gtrace.
//
// It must not import a stage of the compiler or the runtime.
package main
