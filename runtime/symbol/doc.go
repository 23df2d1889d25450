// Package symbol turns addresses into names and names into addresses: the kernel's symbols from kallsyms, those of programs and
// libraries from their ELF tables, and user names from the password file. Every table is read when it is first asked for.
//
// It must not import any package of gtrace: it knows nothing of scripts or probes. A name that cannot be found is reported by a
// boolean, not by an error.
package symbol
