package main

import (
	"fmt"

	"github.com/gtrace/gtrace/codegen/object"
	"github.com/gtrace/gtrace/runtime"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/symbol"
)

// symbols returns what names addresses, as a script's config wants it.
func (c *compiler) symbols(config object.Config) *symbol.Resolver {
	return symbol.New(symbol.Options{
		Mangled: !config.CppDemangle, Afresh: config.CacheUserSymbols == "NONE", Eager: !config.LazySymbolication,
		Binaries: c.host.Binaries(), Debug: c.host.DebugInfo(),
	})
}

// watchProcesses makes addresses of processes known that are gone when they are printed. Where the kernel does not let gtrace follow
// processes, they are named as long as they live.
// changed, if it is not nil, is told of changes as soon as they happen.
func (c *compiler) watchProcesses(symbols *symbol.Resolver, changed func(symbol.Change)) {
	var known []int
	if pid := c.attachPID(); pid != 0 {
		known = append(known, pid)
	}
	watch := symbols.Watch
	if changed != nil {
		watch = func(pids ...int) error { return symbols.Follow(changed, pids...) }
	}
	if err := watch(known...); err != nil && c.opts.verbose {
		fmt.Fprintf(c.std.err, "Only processes that live have symbols: %v\n", err)
	}
}

// watchSession is watchProcesses for a session: where stacks of a process can be walked, those of the processes that it starts are, too.
func (c *compiler) watchSession(symbols *symbol.Resolver, changed func(runtime.ProcessChange)) {
	if len(c.unwindPIDs()) == 0 {
		c.watchProcesses(symbols, nil)
		return
	}
	c.watchProcesses(symbols, func(p symbol.Change) { changed(runtime.ProcessChange(p)) })
}

// reportSymbols says if addresses may be without names because the kernel had more to say of processes than there was room for.
func (c *compiler) reportSymbols(symbols *symbol.Resolver) {
	if n := symbols.Lost(); n > 0 && !c.opts.noWarnings {
		fmt.Fprintf(c.std.err, "WARNING: %d records about started programs were lost; some user addresses may have no names\n", n)
	}
}

// host returns the running machine as the options describe it.
func (o *options) host() *host.Host {
	h := host.New()
	for _, dirs := range o.debugDirs {
		h.DebugInfo().Search(dirs)
	}
	for _, name := range o.without {
		h.Forgo(features[name]...)
	}
	if o.traceable != "" {
		h.FunctionsFrom(o.traceable)
	}
	return h
}
