// Package event turns bytes of the kernel into values: the records of the ring buffer and the contents of script maps.
//
// It must not import runtime/output, nor know how values are printed. Records may hold any bytes; a malformed one is an
// error that wraps ErrMalformed, never a panic.
package event
