package property

// The parts of each node, for the shrinker.

func (e *lit) kids() []*expr      { return nil }
func (e *varRef) kids() []*expr   { return nil }
func (e *mapRef) kids() []*expr   { return keyExprs(e.key) }
func (e *castExpr) kids() []*expr { return []*expr{&e.x} }
func (e *unary) kids() []*expr    { return []*expr{&e.x} }
func (e *binary) kids() []*expr   { return []*expr{&e.x, &e.y} }
func (e *ternary) kids() []*expr  { return append(e.c.kids(), &e.x, &e.y) }
func (e *boolInt) kids() []*expr  { return e.c.kids() }

func (c *cmp) kids() []*expr    { return []*expr{&c.x, &c.y} }
func (c *logic) kids() []*expr  { return append(c.x.kids(), c.y.kids()...) }
func (c *not) kids() []*expr    { return c.x.kids() }
func (c *truthy) kids() []*expr { return []*expr{&c.x} }
func (c *strCmp) kids() []*expr { return nil }

func (c *cmp) conds() []*cond    { return nil }
func (c *logic) conds() []*cond  { return []*cond{&c.x, &c.y} }
func (c *not) conds() []*cond    { return []*cond{&c.x} }
func (c *truthy) conds() []*cond { return nil }
func (c *strCmp) conds() []*cond { return nil }

func keyExprs(ks []key) []*expr {
	var out []*expr
	for _, k := range ks {
		switch {
		case k.v != nil:
			out = append(out, k.v.kids()...)
		case k.x != nil:
			out = append(out, k.x)
		}
	}
	return out
}

func (s *assignVar) exprs() []*expr    { return []*expr{&s.x} }
func (s *compoundVar) exprs() []*expr  { return []*expr{&s.x} }
func (s *incVar) exprs() []*expr       { return nil }
func (s *assignStr) exprs() []*expr    { return nil }
func (s *assignMap) exprs() []*expr    { return append(keyExprs(s.key), &s.x) }
func (s *assignMapStr) exprs() []*expr { return keyExprs(s.key) }
func (s *incMap) exprs() []*expr       { return keyExprs(s.key) }
func (s *addMap) exprs() []*expr       { return append(keyExprs(s.key), &s.x) }
func (s *deleteMap) exprs() []*expr    { return keyExprs(s.key) }
func (s *ifStmt) exprs() []*expr       { return s.c.kids() }
func (s *update) exprs() []*expr {
	if s.x == nil {
		return keyExprs(s.key)
	}
	return append(keyExprs(s.key), s.x)
}

func (s *assignVar) blocks() []*[]stmt    { return nil }
func (s *compoundVar) blocks() []*[]stmt  { return nil }
func (s *incVar) blocks() []*[]stmt       { return nil }
func (s *assignStr) blocks() []*[]stmt    { return nil }
func (s *assignMap) blocks() []*[]stmt    { return nil }
func (s *assignMapStr) blocks() []*[]stmt { return nil }
func (s *incMap) blocks() []*[]stmt       { return nil }
func (s *addMap) blocks() []*[]stmt       { return nil }
func (s *update) blocks() []*[]stmt       { return nil }
func (s *deleteMap) blocks() []*[]stmt    { return nil }
func (s *ifStmt) blocks() []*[]stmt       { return []*[]stmt{&s.then, &s.els} }

func (s *assignVar) conds() []*cond    { return nil }
func (s *compoundVar) conds() []*cond  { return nil }
func (s *incVar) conds() []*cond       { return nil }
func (s *assignStr) conds() []*cond    { return nil }
func (s *assignMap) conds() []*cond    { return nil }
func (s *assignMapStr) conds() []*cond { return nil }
func (s *incMap) conds() []*cond       { return nil }
func (s *addMap) conds() []*cond       { return nil }
func (s *update) conds() []*cond       { return nil }
func (s *deleteMap) conds() []*cond    { return nil }
func (s *ifStmt) conds() []*cond       { return []*cond{&s.c} }
