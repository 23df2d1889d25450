// Package runtime runs compiled scripts: it loads Objects into one live session, attaches their probes, reads what they
// send, prints it, and takes everything down again.
//
// It must not import the compiler beyond codegen/object, and it knows neither syntax trees nor flags. Probes are attached
// through the Attacher it is given. Errors that a caller can act on: ErrPermission, ErrMapClash, *VerifierError and
// *StartError, which the others come in.
package runtime
