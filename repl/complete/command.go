package complete

import "strings"

// command answers for an input that is a command of the session, or may become one. It reports whether nothing else can be meant.
func (a *answer) command(text string) bool {
	start := len(text) - len(strings.TrimLeft(text, " \t"))
	line := text[start:]
	if strings.ContainsAny(line, "\n") {
		return false
	}
	name, rest, typed := cutBlank(line)
	if !typed {
		return a.commandNames(start, line)
	}
	if c, ok := findCommand(a.src.Commands(), name); ok && (name[0] == ':' || !isOperator(rest)) {
		a.arguments(c, text, len(text)-len(rest))
		return true
	}
	return name[0] == ':' // no other part of the language begins so
}

// findCommand returns the command of a name, of a short form, or the only one that begins so.
func findCommand(all []Command, name string) (Command, bool) {
	var found []Command
	for _, c := range all {
		if c.is(name) {
			return c, true
		}
		if name != "" && !isWordStart(name[0]) && strings.HasPrefix(c.Name, name) {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		return Command{}, false
	}
	return found[0], true
}

// commandNames adds the commands that begin with a word. A word that begins as no name in the language can only be a command.
func (a *answer) commandNames(start int, prefix string) bool {
	a.word(start, prefix)
	for _, c := range a.src.Commands() {
		text := c.Name
		if len(c.Args) > 0 {
			text += " "
		}
		a.add(text, c.Doc)
		for _, s := range c.Short {
			if s == prefix {
				a.add(s, c.Name)
			}
		}
	}
	return prefix != "" && !isWordStart(prefix[0]) && a.total > 0
}

func (c Command) is(name string) bool {
	for _, s := range c.Short {
		if s == name {
			return true
		}
	}
	return c.Name == name
}

// isOperator reports whether what follows a word makes it part of an expression, as in `list = 1`.
func isOperator(rest string) bool {
	rest = strings.TrimLeft(rest, " \t")
	return rest != "" && strings.IndexByte("=(+-?.<>&|^%{", rest[0]) >= 0 && !strings.HasPrefix(rest, ".")
}

// cutBlank cuts a line at its first blank.
func cutBlank(line string) (before, after string, found bool) {
	i := strings.IndexAny(line, " \t")
	if i < 0 {
		return line, "", false
	}
	return line[:i], line[i+1:], true
}

// arguments completes the arguments of a command; they begin at an offset.
func (a *answer) arguments(c Command, text string, at int) {
	if len(c.Args) == 0 {
		return
	}
	for i := 0; ; {
		for at < len(text) && isBlank(text[at]) {
			at++
		}
		arg := c.Args[min(i, len(c.Args)-1)]
		word, rest, more := cutBlank(text[at:])
		if arg.Kind == ArgType || arg.Kind == ArgScript {
			word, more = text[at:], false
		}
		if !more {
			a.argument(arg, text, at, word)
			return
		}
		if arg.Kind == ArgConfig {
			a.settingValue(text, len(text)-len(rest), word)
			return
		}
		at = len(text) - len(rest)
		if !strings.HasPrefix(word, "-") { // an option stands beside the arguments
			i++
		}
	}
}

// argument completes one argument.
func (a *answer) argument(arg Arg, text string, at int, word string) {
	a.word(at, word)
	s := &script{answer: a, text: text, item: at}
	for _, w := range arg.Words {
		a.add(w.Text, w.Detail)
	}
	switch arg.Kind {
	case ArgWord:
	case ArgProbe:
		s.point(s.readPoint(at))
	case ArgMap:
		for _, m := range a.src.Maps() {
			a.add(m.Name, mapDetail(m))
		}
	case ArgFile:
		s.files(at, word, "")
	case ArgType:
		a.typeName(at, word)
	case ArgConfig:
		if name, value, ok := strings.Cut(word, "="); ok {
			a.settingValue(text, len(text)-len(value), name)
			return
		}
		a.addSettings("=")
	case ArgBuiltin:
		for _, n := range a.src.Builtins().Names() {
			if sig, ok := a.src.Builtins().Signature(n); ok {
				a.add(n, signature(sig))
			}
		}
	case ArgScript:
		a.script(text, at)
	}
}

// settingValue completes the value of a config variable.
func (a *answer) settingValue(text string, at int, name string) {
	for at < len(text) && (isBlank(text[at]) || text[at] == '=') {
		at++
	}
	a.word(at, text[at:])
	a.addSettingValues(name)
}

// typeName completes "struct foo", or the name alone.
func (a *answer) typeName(at int, word string) {
	keyword, rest, ok := cutBlank(word)
	if ok {
		switch keyword {
		case "struct", "union", "enum":
			name := strings.TrimLeft(rest, " \t")
			a.word(at+len(word)-len(name), name)
			a.addAll(Names{List: a.src.TypeNames(keyword)})
		}
		return
	}
	for _, k := range []string{"enum ", "struct ", "union "} {
		a.add(k, "")
	}
	a.addTypedefs()
}

// script completes a script that begins at an offset.
func (a *answer) script(text string, at int) {
	blank := strings.Repeat(" ", at) // so that offsets stay what they are
	s := &script{answer: a, text: blank + text[at:]}
	s.run()
}
