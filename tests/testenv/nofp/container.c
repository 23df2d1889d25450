// A program that moves into namespaces and a root of its own, as a container does, and works there: container DIR /tmp/NAME COUNT. It says "ready" once it is
// there, works once it can read a byte, says "done", and ends with its standard input. The kernel is called through code that it generates, which
// /tmp/perf-PID.map names.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

__attribute__((noinline, noclone)) long contained(long n)
{
	__asm__ volatile("990: nop\n.pushsection .note.stapsdt,\"\",\"note\"\n.balign 4\n.4byte 992f-991f, 994f-993f, 3\n"
			 "991: .asciz \"stapsdt\"\n992: .balign 4\n993: .8byte 990b\n.8byte _.stapsdt.base\n.8byte 0\n"
			 ".asciz \"container\"\n.asciz \"works\"\n.asciz \"8@%%rdi\"\n994: .balign 4\n.popsection\n"
			 ".ifndef _.stapsdt.base\n.pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"
			 ".weak _.stapsdt.base\n.hidden _.stapsdt.base\n_.stapsdt.base: .space 1\n.size _.stapsdt.base, 1\n.popsection\n.endif\n" ::"D"(n));
	n += syscall(SYS_getppid);
	__asm__ volatile("" : "+r"(n));
	return n;
}

// push rbp; mov rbp, rsp; mov rax, contained; call rax; pop rbp; ret
static unsigned char code[] = { 0x55, 0x48, 0x89, 0xe5, 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xd0, 0x5d, 0xc3 };

static long (*generate(void))(long)
{
	char path[64];
	long target = (long)contained;
	memcpy(code + 6, &target, sizeof target);
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(p != MAP_FAILED, "mmap");
	memcpy(p, code, sizeof code);
	snprintf(path, sizeof path, "/tmp/perf-%d.map", getpid());
	FILE *f = fopen(path, "w");
	must(f != NULL, path);
	fprintf(f, "%lx %zx generated_function\n", (long)p, sizeof code);
	fclose(f);
	return (long (*)(long))p;
}

static void copy(const char *from, const char *to)
{
	static char buf[1 << 16];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0755);
	must(in >= 0 && out >= 0, to);
	for (ssize_t n; (n = read(in, buf, sizeof buf)) > 0;)
		must(write(out, buf, n) == n, "write");
	close(in);
	close(out);
}

// enter makes a new file system with nothing in it but this program the root of a process in a pid namespace of its own.
static void enter(const char *dir, const char *name, char *count)
{
	must(unshare(CLONE_NEWNS | CLONE_NEWPID) == 0, "unshare");
	must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "make mounts private");
	must(mount("tmpfs", dir, "tmpfs", 0, NULL) == 0, "mount");
	must(chdir(dir) == 0, dir);
	must(mkdir("tmp", 01777) == 0, "mkdir");
	copy("/proc/self/exe", name + 1);
	must(syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
	must(umount2(".", MNT_DETACH) == 0, "umount");
	must(chdir("/") == 0, "/");
	int status, pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		execl(name, name, count, NULL);
		must(0, name);
	}
	waitpid(pid, &status, 0);
	exit(WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	char c;
	if (argc == 4)
		enter(argv[1], argv[2], argv[3]);
	long (*f)(long) = generate();
	puts("ready");
	fflush(stdout);
	if (read(0, &c, 1) != 1)
		return 1;
	long sum = 0;
	for (long i = 0, n = atol(argv[1]); i < n; i++)
		sum += f(i);
	puts("done");
	fflush(stdout);
	while (read(0, &c, 1) == 1)
		;
	return sum == 1;
}
