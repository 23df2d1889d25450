// A program without frame pointers whose stack is known: main calls walk_1, that walk_2 and so on; walk_6 calls the system. The frames
// differ in how they can be left. Its arguments: what to do, and how often.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FRAME __attribute__((noinline, noclone))

volatile long sink;
static volatile int spinning;

FRAME long walk_6(long x)
{
	if (spinning) {
		for (volatile long i = 0; i < 1000000; i++)
			sink += i;
		return x;
	}
	sink += syscall(SYS_getpgid, x);
	return x + sink;
}

// Its registers are saved in between.
FRAME long walk_5(long a)
{
	long b = a * 3, c = a * 5, d = a * 7, e = a * 11, f = a * 13;
	a = walk_6(a);
	return a + b + c + d + e + f + sink;
}

// A large frame whose size is known at run time: it has a frame pointer.
FRAME long walk_4(long x)
{
	char *p = __builtin_alloca((x & 7) * 16 + 64);
	memset(p, 1, 64);
	sink += p[x & 31];
	x = walk_5(x);
	return x + p[3] + sink;
}

// A frame that is aligned further than the stack: the caller's is found by a pointer that is saved in it.
FRAME long walk_3(long x)
{
	volatile char buf[64] __attribute__((aligned(64)));
	char *p = __builtin_alloca((x & 7) * 16 + 64);
	memset(p, 1, 64);
	buf[x & 31] = 1;
	x = walk_4(x);
	return x + buf[3] + p[5];
}

FRAME long walk_2(long x)
{
	volatile char buf[5000];
	buf[x & 4095] = 1;
	x = walk_3(x);
	return x + buf[17];
}

FRAME long walk_1(long x)
{
	x = walk_2(x);
	sink += x;
	return x;
}

static int compare(const void *a, const void *b)
{
	sink += walk_1(*(const int *)a);
	return *(const int *)a - *(const int *)b;
}

FRAME void sort(void)
{
	int v[2] = {1, 2};
	qsort(v, 2, sizeof(v[0]), compare);
	sink += v[0];
}

static void handler(int sig)
{
	sink += walk_1(0);
	sink += sig;
}

FRAME void signalled(void)
{
	raise(SIGUSR1);
	sink++;
}

static void *thread(void *arg)
{
	sink += walk_1(0);
	return arg;
}

FRAME void library(const char *path)
{
	void *lib = dlopen(path, RTLD_NOW);
	long (*call)(long (*)(long), long) = lib ? (long (*)(long (*)(long), long))dlsym(lib, "through_library") : NULL;
	if (!call)
		exit(3);
	usleep(500000);
	sink += call(walk_1, 0);
}

// Code that nothing is known of: it saves the frame pointer, or not, and calls what its argument is.
static unsigned char framed[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x89, 0xf8, 0x31, 0xff, 0xff, 0xd0, 0x5d, 0xc3};
static unsigned char frameless[] = {0x48, 0x83, 0xec, 0x08, 0x48, 0x89, 0xf8, 0x31, 0xff, 0xff, 0xd0, 0x48, 0x83, 0xc4, 0x08, 0xc3};

FRAME void generated(const unsigned char *code, size_t size)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(p, code, size);
	usleep(500000); // code that is mapped is known after a while
	sink += ((long (*)(long (*)(long)))p)(walk_1);
	munmap(p, 4096);
}

FRAME void spin(long seconds)
{
	time_t end = time(NULL) + seconds;
	spinning = 1;
	while (time(NULL) < end)
		sink += walk_1(1);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "call";
	long n = argc > 2 ? atol(argv[2]) : 1;
	signal(SIGUSR1, handler);
	if (!strcmp(what, "spin")) {
		spin(n);
		return 0;
	}
	for (long i = 0; i < n; i++) {
		if (!strcmp(what, "call")) {
			sink += walk_1(0);
		} else if (!strcmp(what, "sort")) {
			sort();
		} else if (!strcmp(what, "signal")) {
			signalled();
		} else if (!strcmp(what, "thread")) {
			pthread_t t;
			if (pthread_create(&t, NULL, thread, NULL) == 0)
				pthread_join(t, NULL);
		} else if (!strcmp(what, "framed")) {
			generated(framed, sizeof(framed));
		} else if (!strcmp(what, "frameless")) {
			generated(frameless, sizeof(frameless));
		} else {
			library(what);
		}
	}
	return 0;
}
