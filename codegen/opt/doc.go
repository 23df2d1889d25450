// Package opt makes the code of a module smaller and faster without changing what it does: an ordered list of passes, run on
// each function until none of them finds anything more to do.
//
// It may import codegen/ir alone; it must not know the language, helper numbers or registers.
package opt
