// Command target is traced by the host tier: it makes an exact number of system calls or calls of functions that follow the C
// calling convention.
//
//	target [-wait] getppid N        N system calls getppid
//	target [-wait] call N B         gtrace_target(0, B) to gtrace_target(N-1, B), which returns the sum
//	target [-wait] text TEXT        gtrace_text("TEXT"), which returns its argument
//	target [-wait] sleep            sleeps for a minute
//
// With -wait it says "ready", works once it can read a byte, says "done", and ends with its standard input.
package main
