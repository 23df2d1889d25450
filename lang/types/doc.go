// Package types is the types of the gtrace language: what they are, how they are laid out in memory, how they convert, and
// what a builtin's signature looks like.
//
// It must not import any other package of gtrace: it knows neither syntax nor BTF nor instructions. All types are
// immutable once built, except a *Struct, whose fields may be filled in later by the resolver that made it.
package types
