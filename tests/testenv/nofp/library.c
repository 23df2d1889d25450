// A library that calls back.
volatile long sink_of_library;

__attribute__((noinline, noclone)) static long inner(long (*f)(long), long x)
{
	x = f(x);
	sink_of_library++;
	return x;
}

long through_library(long (*f)(long), long x)
{
	x = inner(f, x);
	sink_of_library++;
	return x;
}
