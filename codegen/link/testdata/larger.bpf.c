// An object whose map has the name of one of calls.bpf.c and another size.
typedef unsigned int u32;
typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;

struct {
	int (*type)[1]; // a hash map
	int (*max_entries)[128];
	u32 *key;
	u64 *value;
} seen SEC(".maps");

int is_seen(u32 key) { return bpf_map_lookup_elem(&seen, &key) != 0; }
