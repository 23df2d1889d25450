// Package arch checks the architecture: who may import whom, which package holds the door to which library, that every
// package says what it is for, and that no file grows without bounds.
//
// It imports nothing of gtrace and reads source only.
package arch
