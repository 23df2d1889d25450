//go:build !amd64 && !arm64

package main

import (
	"errors"
	"fmt"
	goruntime "runtime"
)

var systemCall []byte

// registers would be those of a stopped process, on other machines.
type registers struct{}

func readRegisters(int) (registers, error) {
	return registers{}, fmt.Errorf("read registers of %s: %w", goruntime.GOARCH, errors.ErrUnsupported)
}

func (registers) write(int) error { return errors.ErrUnsupported }

func (registers) pc() uint64 { return 0 }

func (registers) sp() uint64 { return 0 }

func (registers) result() int64 { return 0 }

func (registers) pointer() int { return 8 }

func (r registers) calling(int, ...uint64) (registers, error) { return r, errors.ErrUnsupported }
