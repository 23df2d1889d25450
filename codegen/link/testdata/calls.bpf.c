// Functions that tests call from scripts. `scripts/objects` makes the object file beside it.
typedef unsigned int u32;
typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))
#define noinline __attribute__((noinline))

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static u64 (*bpf_get_current_task)(void) = (void *)35;
static long (*bpf_probe_read_kernel)(void *dst, u32 size, const void *from) = (void *)113;

struct {
	int (*type)[1]; // a hash map
	int (*max_entries)[64];
	u32 *key;
	u64 *value;
} seen SEC(".maps");

u64 total;
int start = 40;
const int table[4] = {10, 20, 30, 40};
struct point { int x, y; };
struct wide { u64 a[4]; };
enum color { RED, GREEN };
// A part of the kernel's type of this name, found where the running kernel has it.
struct task_struct { int tgid; } __attribute__((preserve_access_index));

int add(int a, int b) { return a + b; }
unsigned char next(unsigned char c) { return c + 1; }
long negative(void) { return -5; }
_Bool even(int n) { return n % 2 == 0; }
enum color color_of(int n) { return n ? GREEN : RED; }
void ignore(int n) { total += n; }
u64 count_up(u64 n) { total += n; return total; }
int started(void) { return start + 2; }
int pick(u32 i) { return i < 4 ? table[i] : -1; }
int first(const char *s) { return s[0]; }
int sum_point(struct point *p) { return p->x + p->y; }
char *same(char *p) { return p; }
int of_wide(struct wide w) { return w.a[0]; }

static noinline int thrice(int n) { return 3 * n; }
int triple(int n) { return thrice(n); }
int six_times(int n) { return 2 * thrice(n); }

static noinline u64 add_to(u32 key, u64 n)
{
	u64 *v = bpf_map_lookup_elem(&seen, &key), one = n;
	if (v) {
		__sync_fetch_and_add(v, n);
		return *v;
	}
	bpf_map_update_elem(&seen, &key, &one, 0);
	return one;
}

u64 tally(u32 key, u64 n) { return add_to(key, n); }

int task_tgid(struct task_struct *t)
{
	int tgid = 0;
	bpf_probe_read_kernel(&tgid, sizeof(tgid), __builtin_preserve_access_index(&t->tgid));
	return tgid;
}

int my_tgid(void) { return task_tgid((void *)bpf_get_current_task()); }

int much_stack(int n)
{
	volatile char bytes[300];
	for (int i = 0; i < 300; i++)
		bytes[i] = n;
	return bytes[7];
}

SEC("tracepoint/syscalls/sys_enter_getppid") int a_program(void *ctx) { return 0; }
char _license[] SEC("license") = "GPL";
