// Package ir is the intermediate representation between the typed tree and BPF instructions: functions of basic blocks in
// SSA form over 64-bit registers. Blocks have parameters instead of phi instructions. It has a builder, a textual form that
// is printed and parsed back, and a validator.
//
// It may import lang/diag for spans and lang/types; it must not know the syntax tree, registers or instructions.
package ir
