// A program to be traced: a function with arguments, a variable and a static probe.
unsigned long subject_variable = 7;
unsigned short subject_sale_semaphore __attribute__((section(".probes"), used));
__attribute__((noinline)) unsigned long subject_function(unsigned long a, const char *text) {
	__asm__ volatile("990: nop\n.pushsection .note.stapsdt,\"\",\"note\"\n.balign 4\n.4byte 992f-991f, 994f-993f, 3\n"
		"991: .asciz \"stapsdt\"\n992: .balign 4\n993: .8byte 990b\n.8byte _.stapsdt.base\n.8byte 0\n"
		".asciz \"subject\"\n.asciz \"sale\"\n.asciz \"8@%%rdi 8@%%rsi\"\n994: .balign 4\n.popsection\n"
		".ifndef _.stapsdt.base\n.pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"
		".weak _.stapsdt.base\n.hidden _.stapsdt.base\n_.stapsdt.base: .space 1\n.size _.stapsdt.base, 1\n.popsection\n.endif\n" :: "D"(a), "S"(text));
	return a + subject_variable;
}
// subject_call makes a system call with up to four arguments that are not zero.
static long subject_call(long number, long a, long b, long c, long d) {
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = -1, r9 __asm__("r9") = 0;
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return result;
}
void _start(void) {
	volatile unsigned long *watched = (unsigned long *)0x10000000;
	subject_call(9, (long)watched, 4096, 3, 0x32); // mmap: to be read and written, private, of no file, at that address
	for (;;) {
		subject_function(1, "text");
		*watched = 1;
		subject_call(121, 0, 0, 0, 0); // getpgid
	}
}
