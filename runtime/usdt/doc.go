// Package usdt reads the static probes of programs and libraries: the notes that sys/sdt.h leaves in an ELF file for each place
// where a program says what it does, with the operands that hold the arguments there.
//
// It must not import any package of gtrace. Its errors are about the file.
package usdt
