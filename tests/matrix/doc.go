// Package matrix holds every builtin in every probe type to a table of forms (testdata/forms.txt): each must load there, or be refused
// for the reason that the table gives. The host tier asks gtrace on the running kernel, the vm tier on every kernel of its matrix,
// and the peer tier asks bpftrace 0.27 which forms it takes. The forms fire as well, wherever probes can be made to: those whose value has nothing
// to do with the probe have to show the same in all types.
//
// It must not import a stage of the compiler or the runtime: it drives the gtrace binary as a user would.
package matrix
