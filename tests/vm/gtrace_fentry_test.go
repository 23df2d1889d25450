package vm_test

import (
	"github.com/gtrace/gtrace/codegen/target"
	"github.com/gtrace/gtrace/tests/vm"
	"github.com/gtrace/gtrace/tests/vm/wire"
)

func fentryCases() []vm.Case {
	listed := func(name string, args ...string) vm.Case {
		return vm.Case{Case: wire.Case{Name: name, Run: append([]string{"gtrace"}, args...)}}
	}
	since61 := func(c vm.Case) vm.Case { // older kernels do not describe modules, nor all functions
		c.Since = target.Version{Major: 6, Minor: 1}
		return c
	}
	return []vm.Case{
		traced("fentry count", `fentry:__x64_sys_getpgid /comm == "worker"/ { @ = count(); }`, "getpgid 1000", vm.Exact("@: 1000")),
		with(traced("fentry on two CPUs at once", `fentry:vmlinux:__x64_sys_getpgid /comm == "worker"/ { @ = count(); @s = sum(2); }`, "getpgid 500 4", vm.Match(`@: \d+\n@s: \d+`)),
			counted(2000)),
		traced("fentry arguments", `fentry:vfs_write /comm == "worker"/ { @sum = sum(args.count); @kind[args.file->f_inode->i_mode & 0xf000] = count(); @max = max(args.count); }`,
			"write 1 2 4 8 16 100", vm.Exact("@kind[4096]: 6\n@max: 100\n@sum: 131")),
		traced("fexit value", `fexit:vfs_write /comm == "worker"/ { @[retval] = count(); }`, "write 5 5 70", vm.Lines{"@[70]: 1", "@[5]: 2"}),
		traced("fexit arguments", `fexit:vfs_write /comm == "worker" && retval == args.count/ { @[args.count, retval] = count(); }`, "write 5 5 70",
			vm.Lines{"@[70, 70]: 1", "@[5, 5]: 2"}),
		traced("fexit error number", `kretfunc:do_sys_openat2 /comm == "worker" && retval == -20/ { @[retval, str(uptr(args.filename))] = count(); }`, "open 25",
			vm.Exact("@[-20, /etc/passwd/gtrace]: 25")),
		traced("fentry and fexit", `fentry:__x64_sys_getpgid /comm == "worker"/ { @start[tid] = nsecs; }
			fexit:__x64_sys_getpgid /@start[tid]/ { @n = count(); delete(@start, tid); } END { clear(@start); }`, "getpgid 500", vm.Exact("@n: 500")),
		traced("fentry wildcard", `fentry:__x64_sys_getpgi*, f:vfs_writ* /comm == "worker"/ { @[func, probe] = count(); }`, "getpgid 100",
			vm.Exact("@[__x64_sys_getpgid, fentry:vmlinux:__x64_sys_getpgid]: 100")),
		traced("fentry wildcard of many", `fentry:vfs_w* /comm == "worker"/ { @[func] = count(); }`, "write 1 2 3", vm.Has{"@[vfs_write]: 3\n"}),
		traced("fexit wildcard of many", `fexit:vfs_w* /comm == "worker"/ { @[func] = count(); }`, "write 1 2 3", vm.Has{"@[vfs_write]: 3\n"}),
		// Older verifiers do not let a program read an argument that points to a number.
		since(6, 1, traced("args of fentry as a whole", `fentry:vfs_write /comm == "worker"/ { @ = args; @k[args.count] = args; $t = (1, args); print((@.count == args.count, $t.1.count, args == @, @k[args.count].buf == args.buf)); printf("%s\n", args); clear(@); clear(@k); }`,
			"write 3", vm.Match(`\(true, 3, true, true\)\n\{ \.file = 0xf[0-9a-f]+, \.buf = 0x[0-9a-f]+, \.count = 3, \.pos = 0x[0-9a-f]+ \}`))),
		traced("fentry stack", `fentry:__x64_sys_getpgid /comm == "worker"/ { @[kstack(2)] = count(); }`, "getpgid 10", vm.Has{"]: 10"}),
		traced("fentry chases pointers", `fentry:vfs_write /comm == "worker"/ { @[args.file.f_path.dentry.d_parent == 0] = count(); @same[args.file.f_op == args.file->f_op] = count(); }`,
			"write 1 2", vm.Has{"@same[true]: 2\n"}),
		failing("fentry of no function", `fentry:vfs_raed { }`, "ERROR: No matches for fentry vfs_raed.", "HINT: did you mean fentry:vfs_read?"),
		since61(failing("fentry of no module", `fentry:nosuch:vfs_read { }`, "ERROR: No matches for fentry nosuch:vfs_read.")),
		since61(failing("fentry of any number of arguments", `fentry:snprintf { }`, "snprintf is not traceable: it takes any number of arguments")),
		with(listed("fentry list", "-l", "fentry:vfs_rea*"), func(c *vm.Case) { c.Stdout = vm.Has{"fentry:vmlinux:vfs_read\n", "fentry:vmlinux:vfs_readlink\n"} }),
		with(listed("fexit list with types", "-lv", "fexit:vmlinux:vfs_read"), func(c *vm.Case) {
			c.Stdout = vm.Exact("fexit:vmlinux:vfs_read\n    struct file * file\n    char * buf\n    size_t count\n    loff_t * pos\n    ssize_t retval")
		}),
		with(traced("fentry of a process", "", "getpgid 10", nil), func(c *vm.Case) {
			c.Run = []string{"gtrace", "-p", "1", "-e", `fentry:__x64_sys_getpgid { @ = count(); }`}
			c.Stdout = vm.Exact("")
		}),
	}
}
