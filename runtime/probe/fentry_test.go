package probe_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/stretchr/testify/require"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/runtime/host"
	"github.com/gtrace/gtrace/runtime/probe"
)

// describeKernel returns the type information of a kernel with functions that take and return nothing, and the module's that adds others to it.
func describeKernel(t *testing.T, kernel, module []string) (vmlinux, split []byte) {
	t.Helper()
	b, err := btf.NewBuilder(nil, nil)
	require.NoError(t, err)
	last := btf.TypeID(0)
	for _, name := range kernel {
		last, err = b.Add(&btf.Func{Name: name, Type: &btf.FuncProto{Return: (*btf.Void)(nil)}, Linkage: btf.StaticFunc})
		require.NoError(t, err)
	}
	vmlinux, err = b.Marshal(nil, btf.KernelMarshalOptions())
	require.NoError(t, err)
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(vmlinux))
	require.NoError(t, err)
	for ; err == nil; last++ {
		_, err = spec.TypeByID(last + 1)
	}
	return bytes.Clone(vmlinux), splitTypes(binary.LittleEndian.Uint32(vmlinux[20:]), uint32(last), module)
}

// splitTypes is the type information of a module as the kernel has it: types and strings that go on where those of the kernel end.
func splitTypes(stringsOfBase, firstID uint32, names []string) []byte {
	const kindFunc, kindProto = 12 << 24, 13 << 24
	var types []uint32
	var texts []byte
	for _, name := range names {
		types = append(types, 0, kindProto, 0, stringsOfBase+uint32(len(texts)), kindFunc, firstID+uint32(len(types)/3))
		texts = append(append(texts, name...), 0)
	}
	size := uint32(4 * len(types))
	var out bytes.Buffer
	header := []uint32{0x1<<16 | 0xeb9f, 24, 0, size, size, uint32(len(texts))} // the magic number, version 1, its own size
	for _, word := range append(header, types...) {
		_ = binary.Write(&out, binary.LittleEndian, word) // to a buffer, which does not fail
	}
	out.Write(texts)
	return out.Bytes()
}

// mustRecordModule returns the probe types of a machine whose module ext has a function of its own and one that the kernel has as well.
func mustRecordModule(t *testing.T, release string) *probe.Set {
	t.Helper()
	vmlinux, ext := describeKernel(t, []string{"in_both", "in_kernel"}, []string{"in_both", "in_module"})
	root := t.TempDir()
	for name, text := range map[string]string{
		"proc/sys/kernel/osrelease": release,
		"sys/kernel/btf/vmlinux":    string(vmlinux),
		"sys/kernel/btf/ext":        string(ext),
		"proc/kallsyms": `ffffffff81000000 T in_both
ffffffff81000100 T in_kernel
ffffffffc0000000 t in_both	[ext]
ffffffffc0000100 t in_module	[ext]
`,
	} {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return probe.New(host.NewAt(root))
}

// TestFunctionsOfSharedNames asks for functions of a module before and since Linux 6.4. Before, the kernel would have attached to its own
// function of the name, with other arguments.
func TestFunctionsOfSharedNames(t *testing.T) {
	const refusal = "fentry of ext:in_both needs Linux 6.4, since other functions of the kernel have its name; this is 6.3"
	for _, c := range []struct {
		release, module, function string
		want                      []string
		refused                   string
	}{
		{release: "6.3.0", module: "ext", function: "in_both", refused: refusal},
		{release: "6.4.0", module: "ext", function: "in_both", want: []string{"fentry:ext:in_both"}},
		{release: "6.3.0", module: "ext", function: "in_module", want: []string{"fentry:ext:in_module"}},
		{release: "6.3.0", module: "vmlinux", function: "in_both", want: []string{"fentry:vmlinux:in_both"}},
		{release: "6.3.0", module: "ext", function: "in_*", want: []string{"fentry:ext:in_module"}},
		{release: "6.4.0", module: "ext", function: "in_*", want: []string{"fentry:ext:in_both", "fentry:ext:in_module"}},
		{release: "6.3.0", module: "*", function: "in_b*", want: []string{"fentry:vmlinux:in_both"}},
		{release: "6.4.0", module: "*", function: "in_b*", want: []string{"fentry:ext:in_both", "fentry:vmlinux:in_both"}},
	} {
		t.Run(c.release+" "+c.module+":"+c.function, func(t *testing.T) {
			p, ok := mustRecordModule(t, c.release).Provider("fentry")
			require.True(t, ok)
			matches, err := p.Resolve(attach.Point{Type: "fentry", Parts: []string{c.module, c.function}}, check.ResolveOptions{})
			if c.refused != "" {
				require.EqualError(t, err, c.refused)
				return
			}
			require.NoError(t, err)
			var names []string
			for _, m := range matches {
				names = append(names, m.Probe.Name)
			}
			require.Equal(t, c.want, names)
		})
	}
}
