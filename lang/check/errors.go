package check

import "errors"

// ErrNoType is returned by a Host that has no type of a name.
var ErrNoType = errors.New("no such type")
