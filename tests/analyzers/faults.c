/* Page faults of known number. Prints the kernel's own counts of them: minor and major, of the whole process. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PAGE = 4096 };

static void report(const struct rusage *before)
{
	struct rusage now;

	getrusage(RUSAGE_SELF, &now);
	printf("%ld %ld\n", now.ru_minflt - before->ru_minflt, now.ru_majflt - before->ru_majflt);
	fflush(stdout);
}

/* A function of its own, that shows in stacks. */
__attribute__((noinline)) static void touch_pages(volatile char *at, long n)
{
	for (long i = 0; i < n; i++)
		at[i * PAGE] = 1;
}

__attribute__((noinline)) static long read_mapped(const volatile char *at, long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++)
		sum += at[i * PAGE];
	return sum;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	long n = argc > 2 ? atol(argv[2]) : 0;
	struct rusage before;
	char *at, byte;

	/* What printing takes is touched before. */
	printf("start\n");
	fflush(stdout);
	if (!strcmp(what, "touch")) {
		at = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		/* Each page for itself. */
		madvise(at, n * PAGE, MADV_NOHUGEPAGE);
		getrusage(RUSAGE_SELF, &before);
		touch_pages(at, n);
	} else if (!strcmp(what, "map") && argc > 3) {
		int fd = open(argv[3], O_RDONLY);

		at = mmap(NULL, n * PAGE, PROT_READ, MAP_SHARED, fd, 0);
		/* No page is read for another one. */
		madvise(at, n * PAGE, MADV_RANDOM);
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		getrusage(RUSAGE_SELF, &before);
		read_mapped(at, n);
	} else if (!strcmp(what, "copy")) {
		/* The kernel touches the pages for us. */
		int fd = open("/dev/zero", O_RDONLY);

		at = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		madvise(at, n * PAGE, MADV_NOHUGEPAGE);
		getrusage(RUSAGE_SELF, &before);
		for (long i = 0; i < n; i++)
			if (read(fd, at + i * PAGE, 1) != 1)
				abort();
	} else
		return 2;
	report(&before);
	/* Until we are told to end. */
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
