// Command gtrace traces a Linux kernel and its programs with scripts in the bpftrace language.
//
// It only reads flags, hands the stages to each other and prints what they report; how anything works is known to the
// packages it calls.
package main

import (
	"context"
	"os"
	goruntime "runtime"
)

// init keeps the main goroutine on the first thread of the process: begin and end probes run on it, and scripts see there, as
// under bpftrace, that pid and tid are the same. It can only be done before main starts.
func init() { goruntime.LockOSThread() }

func main() {
	if len(os.Args) == 2 && os.Args[1] == releaseOption {
		hold()
		return
	}
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
