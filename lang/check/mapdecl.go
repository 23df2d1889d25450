package check

import (
	"math"
	"slices"

	"github.com/gtrace/gtrace/lang/ast"
	"github.com/gtrace/gtrace/lang/types"
)

// mapKinds are the kinds that a map can be declared as.
var mapKinds = []string{"percpulruhash", "percpuhash", "lruhash", "hash"}

// declareMap enters `let @m = hash(100)` into the table of maps. The last declaration of a map counts.
func (c *checker) declareMap(d *ast.MapDecl) {
	name := "@" + d.Map.Name
	m := c.maps[name]
	if m == nil {
		m = &scriptMap{m: &Map{Name: name, First: d.Map.At}}
		c.maps[name] = m
		c.mapOrder = append(c.mapOrder, m)
	}
	m.decl = d
	if !slices.Contains(mapKinds, d.Kind) {
		c.diags.Errorf(d.At, "unknown-map-kind", "Invalid bpf map type: %s", d.Kind).
			Hintf("Valid map types: percpulruhash, percpuhash, lruhash, hash")
		return
	}
	m.m.Kind, m.m.MaxEntries = d.Kind, c.mapSize(d)
}

// mapSize returns the number of keys that a map is declared for.
func (c *checker) mapSize(d *ast.MapDecl) int {
	c.report = true
	c.expr(d.Size)
	c.report = false
	n, ok := c.constant(d.Size)
	if !ok || n.negative || n.bits < 1 || n.bits > math.MaxUint32 {
		c.diags.Errorf(d.Size.Span(), "bad-map-size", "a map takes a number of keys from 1 up")
		return 1
	}
	return int(n.bits)
}

// checkMapKind holds a declared map to its kind: aggregates are kept for each CPU, other values are not.
func (c *checker) checkMapKind(m *scriptMap) {
	switch {
	case m.decl == nil || m.m.Kind == "":
		return
	case !m.used:
		c.diags.Warnf(m.decl.At, "unused-map", "Unused map: %s", m.m.Name)
		return
	}
	perCPU := m.m.Kind == "percpuhash" || m.m.Kind == "percpulruhash"
	value := m.value.typ()
	if value == nil || types.IsInvalid(value) || types.IsAggregate(value) == perCPU {
		return
	}
	needs := "hash"
	if !perCPU {
		needs = "percpuhash"
	}
	at := m.m.First
	at.End = at.Start + len(m.m.Name)
	c.diags.Errorf(at, "map-kind", "Incompatible map types. Type from declaration: %s. Type from value/key type: %s", m.m.Kind, needs)
}
