package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A command is held at the end of its exec, where its program and its libraries' places are known, and the probes are attached then. They are to
// see its exec all the same, as they do in bpftrace, which holds it before. So, in place of its first instruction, the process makes the same exec
// once more, and is held again where its program begins. Until then it has the name that it would have had before: gtrace's own.

// execution is a program that a process that stands at its begin can run once more.
type execution struct {
	*tracee
	path  string
	words []string
	name  string
}

// newExecution is for a process that has just run the program path with words. The process has gtrace's name from then on. With an error, it can
// be let go, unless that is errEnded.
func newExecution(pid int, path string, words []string) (*execution, error) {
	e := &execution{tracee: &tracee{pid: pid}, path: path, words: words}
	var err error
	if e.name, err = nameOf(fmt.Sprint(pid)); err != nil {
		return e, err
	}
	mine, err := nameOf("self")
	if err != nil {
		return e, err
	}
	if err := e.atBegin(); err != nil {
		return e, err
	}
	err = e.rename(mine)
	if errors.Is(err, errEnded) {
		return e, err
	}
	return e, errors.Join(err, e.restore())
}

// nameOf returns the name of a process, a number or "self".
func nameOf(process string) (string, error) {
	name, err := os.ReadFile("/proc/" + process + "/comm")
	return strings.TrimSuffix(string(name), "\n"), err
}

// rename gives the process another name.
func (e *execution) rename(name string) error {
	text := append([]byte(name), 0)
	at := e.below(len(text))
	if err := e.write(at, text); err != nil {
		return err
	}
	_, err := e.call(unix.SYS_PRCTL, unix.PR_SET_NAME, at)
	return err
}

// below returns where there is room for n bytes below the stack.
func (e *execution) below(n int) uint64 { return (e.begin.sp() - uint64(n)) &^ 15 }

func (e *execution) write(at uint64, b []byte) error {
	if _, err := syscall.PtracePokeData(e.pid, uintptr(at), b); err != nil {
		return fmt.Errorf("write the stack: %w", err)
	}
	return nil
}

// again makes the process run the program once more, and returns when that begins; probed says that it has probes of its own. With another error
// than errEnded, it is as it was before newExecution.
func (e *execution) again(probed bool) error {
	var err error
	if probed {
		err = e.keepsProbes()
	}
	if err == nil {
		err = e.exec()
	}
	if err == nil || errors.Is(err, errEnded) {
		return err
	}
	return errors.Join(err, e.rename(e.name), e.restore())
}

// errOthersRights says why probes that are attached to one process do not survive an exec.
var errOthersRights = errors.New("it has the rights of others, so that the kernel would detach the probes of this process")

// keepsProbes returns an error if the kernel would detach the process's own probes at the exec: where its program has a user or group of its own.
func (e *execution) keepsProbes() error {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.pid))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(status)) {
		// The kernel writes the real, the effective, the saved and that for files.
		if f := strings.Fields(line); len(f) == 5 && (f[0] == "Uid:" || f[0] == "Gid:") && f[1] != f[2] {
			return errOthersRights
		}
	}
	return nil
}

func (e *execution) exec() error {
	args, env, err := e.vectors()
	if err != nil {
		return err
	}
	at := e.below(8*(len(args)+len(env)+3) + len(e.path) + len(e.words[0]) + 2)
	block, call := execBlock(at, e.path, e.words[0], args, env)
	if err := e.write(at, block); err != nil {
		return err
	}
	result, err := e.call(unix.SYS_EXECVE, call[:]...)
	if err == nil && result < 0 {
		err = syscall.Errno(-result)
	}
	return err
}

// vectors returns the addresses of the process's words, but for the first, and of its environment.
func (e *execution) vectors() (args, env []uint64, err error) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", e.pid))
	if err != nil {
		return nil, nil, err
	}
	// A program that interprets another one has more words before.
	if rest := strings.Join(append(e.words[1:len(e.words):len(e.words)], ""), "\x00"); !strings.HasSuffix(string(line), "\x00"+rest) {
		return nil, nil, errors.New("its words are others")
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", e.pid))
	if err != nil {
		return nil, nil, err
	}
	defer mem.Close()
	from := int64(e.begin.sp())
	return stackVectors(io.NewSectionReader(mem, from, math.MaxInt64-from), e.begin.pointer(), len(e.words)-1)
}

// stackVectors reads what a program finds on its stack: the number of its words, their addresses and those of its environment, which end with 0.
// It returns the last n words' and the environment's.
func stackVectors(r io.Reader, size, n int) (args, env []uint64, err error) {
	stack := bufio.NewReader(r)
	word := make([]byte, 8)
	next := func() (uint64, error) {
		_, err := io.ReadFull(stack, word[:size])
		return binary.LittleEndian.Uint64(word), err // all machines that have registers here have this order
	}
	list := func() (out []uint64, err error) {
		for {
			p, err := next()
			if p == 0 || err != nil {
				return out, err
			}
			out = append(out, p)
		}
	}
	_, err = next()
	if err == nil {
		args, err = list()
	}
	if err == nil {
		env, err = list()
	}
	if err == nil && len(args) < n {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the stack: %w", err)
	}
	return args[len(args)-n:], env, nil
}

// execBlock returns what is to be in memory at an address for execve, and the arguments of that: a path, the first word, the addresses of the others
// and of the environment.
func execBlock(at uint64, path, word string, args, env []uint64) (block []byte, call [3]uint64) {
	text := at + 8*uint64(len(args)+len(env)+3)
	vectors := slices.Concat([]uint64{text + uint64(len(path)) + 1}, args, []uint64{0}, env, []uint64{0})
	for _, v := range vectors {
		block = binary.LittleEndian.AppendUint64(block, v)
	}
	block = append(block, path+"\x00"+word+"\x00"...)
	return block, [3]uint64{text, at, at + 8*uint64(len(args)+2)}
}
