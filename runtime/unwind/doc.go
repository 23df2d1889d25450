// Package unwind turns the call frame information of programs and libraries into tables with which a BPF program walks user stacks that
// have no frame pointers: it reads .eh_frame and .debug_frame (Table), and keeps the tables of the files that processes have mapped
// (Processes). The tables are for x86-64.
//
// What compilers and hand-written assembly say of frames is a small program for each function. It is run here, once for each file; what
// is left are sorted rows, each an address and the number of a rule.
//
// It must not import anything of gtrace but codegen/object, where the layout of what programs read is written down; it must not know BPF maps.
// Files may hold anything: a malformed one is an error or loses the functions that make no sense, and takes bounded time and memory.
package unwind
