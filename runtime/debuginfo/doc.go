// Package debuginfo reads what compilers say of a program's source: which line an address comes from, which functions were compiled into
// others, and where a line is. It reads DWARF 2 to 5, also from files of their own that distributions keep beside the programs.
//
// It must not import other packages of gtrace. Errors about files wrap those of os; ErrNone means that a program has no such
// information anywhere.
package debuginfo
