package pcap

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// The head of a file, and of each packet in it, as the format's description has them: all numbers have 32 bits but the version's.
const (
	magic        = 0xa1b2c3d4 // times in microseconds
	major, minor = 2, 4
	snapLen      = 1<<16 - 1
	linkRaw      = 101 // the packets begin with their IP header
	fileHead     = 24
	packetHead   = 16
)

// batch is how many bytes wait to be written at most.
const batch = 1 << 20

// File is a file of packets. What is appended waits for Flush, or until there is a lot of it, and is written in order of time: the
// packets of several CPUs come one CPU after the other. It is not safe for concurrent use.
type File struct {
	path string
	f    *os.File
	// size is how much was written, all of it whole packets.
	size    int64
	waiting []packet
	bytes   int
	// broken is set once a write failed; lost counts the packets since.
	broken bool
	lost   uint64
}

// packet is a packet that waits, with its head.
type packet struct {
	time int64
	raw  []byte
}

// Create makes a file without packets, in place of one that is there. The caller closes it.
func Create(path string) (*File, error) {
	// A pipe that nobody reads is refused rather than waited for.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NONBLOCK, 0o644)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 0, fileHead)
	head = binary.NativeEndian.AppendUint32(head, magic)
	head = binary.NativeEndian.AppendUint16(head, major)
	head = binary.NativeEndian.AppendUint16(head, minor)
	head = binary.NativeEndian.AppendUint64(head, 0) // time zone and accuracy, which nobody uses
	head = binary.NativeEndian.AppendUint32(head, snapLen)
	head = binary.NativeEndian.AppendUint32(head, linkRaw)
	if _, err := f.Write(head); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &File{path: path, f: f, size: fileHead}, nil
}

// Same reports whether a path leads to the file.
func (f *File) Same(path string) bool {
	own, err := f.f.Stat()
	if err != nil {
		return false
	}
	other, err := os.Stat(path)
	return err == nil && os.SameFile(own, other)
}

// Append adds a packet of a time, in nanoseconds since 1970: the bytes that were captured of the wire bytes that it has. After an
// error, which is returned once, packets are only counted.
func (f *File) Append(time int64, wire int, data []byte) error {
	if f.broken {
		f.lost++
		return nil
	}
	data = data[:min(len(data), snapLen)]
	const second, micro = 1e9, 1e3
	raw := make([]byte, 0, packetHead+len(data))
	raw = binary.NativeEndian.AppendUint32(raw, uint32(time/second))
	raw = binary.NativeEndian.AppendUint32(raw, uint32(time%second/micro))
	raw = binary.NativeEndian.AppendUint32(raw, uint32(len(data)))
	raw = binary.NativeEndian.AppendUint32(raw, uint32(max(wire, len(data))))
	f.waiting = append(f.waiting, packet{time, append(raw, data...)})
	f.bytes += packetHead + len(data)
	if f.bytes < batch {
		return nil
	}
	return f.Flush()
}

// Flush writes what waits.
func (f *File) Flush() error {
	if len(f.waiting) == 0 {
		return nil
	}
	slices.SortStableFunc(f.waiting, func(a, b packet) int { return cmp.Compare(a.time, b.time) })
	out := make([]byte, 0, f.bytes)
	for _, p := range f.waiting {
		out = append(out, p.raw...)
	}
	n := len(f.waiting)
	clear(f.waiting)
	f.waiting, f.bytes = f.waiting[:0], 0
	if _, err := f.f.Write(out); err != nil {
		f.broken, f.lost = true, f.lost+uint64(n)
		// Half a packet at the end would make the others hard to read. What cannot be cut, a pipe, has no end either.
		_ = f.f.Truncate(f.size)
		return fmt.Errorf("write packets: %w", err)
	}
	f.size += int64(len(out))
	return nil
}

// Lost returns how many packets could not be written.
func (f *File) Lost() uint64 { return f.lost }

// Path returns the path that the file was made with.
func (f *File) Path() string { return f.path }

// Close writes what waits and closes the file.
func (f *File) Close() error { return errors.Join(f.Flush(), f.f.Close()) }
