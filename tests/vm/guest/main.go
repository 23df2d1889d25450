package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	switch name := filepath.Base(os.Args[0]); name {
	case "init":
		runInit()
	case "worker":
		exit(work(os.Args[1:]))
	case "selftest":
		exit(selftest())
	default:
		exit(fmt.Errorf("unknown name %s (want init, worker or selftest)", name))
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
