// Package complete says what can stand at the cursor of a half-typed input: attach points, fields, variables, maps, builtins, types,
// files, the session's commands. It knows no terminal: it is given a text and an offset and returns candidates.
//
// What there is on the machine comes from a Source. Types are not worked out here: the text is cut at the statement in question, made
// well-formed, and given to the checker, whose answer holds for the completion as it would for the finished program.
//
// It must not import the runtime, or open anything itself. It returns no errors: what cannot be found out has no candidates.
package complete
