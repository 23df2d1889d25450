package property

// crowdEvery is of how many programs one has a crowd.
const crowdEvery = 32

// crowd are more numbers in use at once than the stack has room for, so that some go to a map's memory. The statements between
// its begin and its end use them as they do other variables: as sizes, indices and ends of loops.
type crowd struct {
	source, result *mapDecl
	vars           []varDecl
}

// newCrowd declares the maps that a crowd's numbers come from, lest they are known at compile time, and go to.
func (g *gen) newCrowd() *crowd {
	c := &crowd{&mapDecl{name: "@source", t: int64T}, &mapDecl{name: "@result", t: int64T}, nil}
	g.maps = append(g.maps, c.source, c.result)
	return c
}

// begin returns the statements that make the numbers.
func (c *crowd) begin(g *gen) []stmt {
	if c == nil {
		return nil
	}
	out := []stmt{&assignMap{c.source, nil, &lit{g.number()}}}
	for i := range int64(70 + g.r.IntN(30)) {
		v := varDecl{g.name("$c"), int64T}
		c.vars = append(c.vars, v)
		out = append(out, &assignVar{v.name, v.t, &binary{"+", &binary{"*", &mapRef{c.source, nil}, &lit{2*i + 1}}, &lit{i}}})
	}
	g.vars = append(g.vars, c.vars...)
	return out
}

// end returns the statements that use all of them.
func (c *crowd) end() (out []stmt) {
	if c == nil {
		return nil
	}
	for _, v := range c.vars {
		mixed := &binary{"^", &binary{"*", &mapRef{c.result, nil}, &lit{3}}, &varRef{v.name, v.t}}
		out = append(out, &assignMap{c.result, nil, mixed})
	}
	return out
}
