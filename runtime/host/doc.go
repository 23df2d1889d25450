// Package host knows the machine that gtrace runs on: the kernel's types, the tracepoints and their formats, the functions that
// can be traced, features, privileges and processors. Every fact is looked up when it is first asked for, and once.
//
// It must not import the parser, any compile stage or another runtime package but runtime/symbol; it implements check.Host and
// target.Target for the running kernel. A missing kernel feature is an *Unsupported, which is ErrNotSupported; any other error
// of a feature check means that it could not be told.
package host
