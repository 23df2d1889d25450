// Package attach is plain data about probes: an attach point as the script names it, the probes it stands for, and what a
// program attached there can see. Providers make it, the checker and the compiler read it, the manifest stores it.
//
// It must not import any package of gtrace but lang/types.
package attach
