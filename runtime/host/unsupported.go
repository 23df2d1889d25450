package host

import (
	"errors"
	"fmt"

	"github.com/gtrace/gtrace/codegen/target"
)

// ErrNotSupported is what every *Unsupported is.
var ErrNotSupported = errors.New("not supported by this kernel")

// Unsupported says that the kernel lacks something.
type Unsupported struct {
	Feature string
	// Since is the first upstream kernel that has the feature; zero if it is a matter of configuration.
	Since target.Version
}

// Error names the feature and the kernel that it needs.
func (u *Unsupported) Error() string {
	if u.Since == (target.Version{}) {
		return fmt.Sprintf("%s: %v", u.Feature, ErrNotSupported)
	}
	return fmt.Sprintf("%s: %v (needs Linux %s)", u.Feature, ErrNotSupported, u.Since)
}

// Is makes an Unsupported match ErrNotSupported.
func (u *Unsupported) Is(err error) bool { return err == ErrNotSupported }
