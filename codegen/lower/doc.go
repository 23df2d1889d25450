// Package lower turns the typed tree of a script into IR: a function for each program, the specs of its maps, and the
// manifest that tells the runtime what its maps and events mean.
//
// Integers are kept in 64 bits, extended by their own sign. Strings, tuples and other objects are memory: an address in a
// slot, a map value or the context. Expressions that yield objects are made where the object is wanted (a map key, an event
// record) whenever that is known. It must not import codegen/opt or codegen/emit; it must not know registers, or builtins by
// name.
package lower
