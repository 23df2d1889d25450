package complete

// Now is Complete without its time limit.
func (c *Completer) Now(text string, pos int) Result { return c.now(text, pos) }
