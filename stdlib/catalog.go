package stdlib

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/gtrace/gtrace/lang/types"
)

// Catalog is the table of all builtins. New returns the one that scripts see.
type Catalog struct {
	byName map[string]*Builtin
	names  []string
}

// New returns the catalog of all builtins.
func New() *Catalog {
	c := &Catalog{byName: map[string]*Builtin{}}
	for _, group := range [][]*Builtin{procBuiltins(), taskBuiltins(), timeBuiltins(), probeBuiltins(), strBuiltins(), textBuiltins(), bytesBuiltins(), netBuiltins(), nameBuiltins(), metaBuiltins(), stackBuiltins(), outBuiltins(), actionBuiltins(), interventions(), mapBuiltins(), kernelBuiltins(), packetBuiltins(), aggBuiltins()} {
		for _, b := range group {
			if c.byName[b.Name] != nil {
				panic(fmt.Sprintf("BUG: stdlib: two builtins named %s", b.Name))
			}
			c.byName[b.Name] = b
			c.names = append(c.names, b.Name)
		}
	}
	sort.Strings(c.names)
	return c
}

// Lookup returns the builtin of a name. The names arg0, arg1, … up to arg255 are builtins too, though Names lists only the
// first ten.
func (c *Catalog) Lookup(name string) (*Builtin, bool) {
	if b, ok := c.byName[name]; ok {
		return b, true
	}
	n, ok := argIndex(name)
	if !ok {
		return nil, false
	}
	return argN(n), true
}

// Signature returns the signature of the builtin of a name.
func (c *Catalog) Signature(name string) (*types.Signature, bool) {
	b, ok := c.Lookup(name)
	if !ok {
		return nil, false
	}
	return &b.Signature, true
}

// Names returns the names of all builtins, sorted.
func (c *Catalog) Names() []string { return append([]string(nil), c.names...) }

// maxArgN is the largest argument number that any probe type can have.
const maxArgN = 255

func argIndex(name string) (int, bool) {
	digits, ok := strings.CutPrefix(name, "arg")
	if !ok || digits == "" || digits[0] == '0' && len(digits) > 1 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	return int(n), err == nil && n <= maxArgN
}
