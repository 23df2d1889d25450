package host

import "github.com/cilium/ebpf/btf"

// TypeText is WriteType for a type that no kernel has.
func TypeText(t btf.Type, opts LayoutOptions) string {
	l := &layout{opts: opts}
	l.definition(t)
	return l.out.String()
}
