// Package repl is the interactive session: it reads what people type, has it compiled, runs it, and owns the terminal
// meanwhile.
//
// An input is one of three things, told apart by how it begins:
//
//   - A command begins with a colon (":maps", ":stop 2"). No statement, expression or attach point does, so that commands can
//     never collide with the language, whatever builtins it gets; only help, quit, exit and ? are understood without it, as
//     those are typed before anyone knows about colons. Commands have short forms, and any unique beginning will do.
//   - Probes and definitions have the form of a script. Probes are attached as one group with a number, and run in the background
//     until they are stopped, call exit(), or the session ends. Definitions (C, macro, fn, let, config, import) stay for the
//     inputs that follow; a new one of the same name takes the old one's place.
//   - Everything else is statements. They are compiled as a begin probe, which runs at once, on the live maps. An expression
//     alone has its value printed. Variables ($x) live as long as their input: what is to stay goes into a map.
//
// Maps belong to the session and keep their types until they are dropped. Integers in maps that are new have 64 bits, since it
// is not known what they will have to hold later.
//
// exit() in a probe ends its group: end probes run, the maps stay. Typed as a statement it leaves the session. Leaving is as the
// end of a run: all probes are detached, end probes run, and the maps are printed (unless :set print_maps_on_exit=0).
//
// One goroutine writes to the terminal (screen). What probes print while a line is being typed appears above it, in whole
// lines; a line without its end is shown, with one, once nothing follows for a moment. Where the terminal is slower than the
// output, the programs' ring buffers fill up and count what they lose.
//
// Without a terminal, standard input is a script of inputs: no prompts, no escape codes, an exit code of 1 if one failed.
//
// It must not import the compiler: compiling is handed in (Compiler), as is what the machine offers (World).
package repl
