// An object with a variable that calls.bpf.c has, too.
unsigned long long total;

unsigned long long add_total(int n) { return total += n; }
