// Package examples holds scripts worth reading; its test compiles each of them for recorded kernels and runs them where it may.
package examples
