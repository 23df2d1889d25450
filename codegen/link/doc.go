// Package link reads object files that a C compiler made for BPF and adds their functions to the programs that call them: instructions
// with their types, lines and relocations, and the variables and maps that they use, which all programs of a script share.
//
// It may import codegen/object, lang/types, lang/check (for what is said of a function) and cilium/ebpf; it must not know how programs are
// made or where files come from.
package link
