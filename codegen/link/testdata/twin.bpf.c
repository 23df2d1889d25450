// An object with the map of calls.bpf.c, and a variable that has the name of another one there.
typedef unsigned int u32;
typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;

struct {
	int (*type)[1]; // a hash map
	int (*max_entries)[64];
	u32 *key;
	u64 *value;
} seen SEC(".maps");

static u64 start;

u64 seen_of(u32 key) {
	u64 *v = bpf_map_lookup_elem(&seen, &key);
	__sync_fetch_and_add(&start, 1);
	return v ? *v : 0;
}

u64 asked(void) { return start; }
