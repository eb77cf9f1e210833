/*
 * Loops that do nothing but one kind of event. Each line on standard input runs one batch after another and prints, as the
 * lower quartile of the batches, what an event took: ns of the process's CPU time, ns of the clock.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 1024, BATCHES = 40 };

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static int order(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return (d > 0) - (d < 0);
}

static void getppids(int n)
{
	for (int i = 0; i < n; i++)
		syscall(SYS_getppid);
}

static char *memory;
static void touch(int n)
{
	madvise(memory, (size_t)n * PAGE, MADV_DONTNEED);
	for (int i = 0; i < n; i++)
		((volatile char *)memory)[(size_t)i * PAGE] = 1;
}

static void *volatile kept;
static void mallocs(int n)
{
	for (int i = 0; i < n; i++) {
		kept = malloc(64);
		free(kept);
	}
}

/* Two threads of one CPU hand a byte to one another: each read waits. */
static int there[2], back[2];
static void *answer_bytes(void *unused)
{
	char byte;

	while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1)
		;
	return unused;
}
static void switches(int n)
{
	char byte = 0;

	for (int i = 0; i < n; i += 2)
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			abort();
}

/* Two threads of one CPU hand a turn to one another by a futex: each waits for the other. */
static _Atomic int turn;
static void wait_turn(int mine)
{
	int t;

	while ((t = atomic_load(&turn)) != mine)
		syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, t, NULL, NULL, 0);
}
static void pass_turn(int to)
{
	atomic_store(&turn, to);
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}
static void *answer_turns(void *unused)
{
	for (;;) {
		wait_turn(1);
		pass_turn(0);
	}
	return unused;
}
static void turns(int n)
{
	for (int i = 0; i < n; i += 2) {
		pass_turn(1);
		wait_turn(0);
	}
}

/* A connection over the loopback device, opened, accepted and closed. */
static int listener;
static struct sockaddr_in address = { .sin_family = AF_INET };
static void connections(int n)
{
	struct linger at_once = { 1, 0 };

	for (int i = 0; i < n; i++) {
		int one = socket(AF_INET, SOCK_STREAM, 0), other;

		if (connect(one, (void *)&address, sizeof(address)))
			abort();
		other = accept(listener, NULL, NULL);
		/* No port stays in TIME_WAIT. */
		setsockopt(one, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(one);
		close(other);
	}
}

static int file;
static void disk_reads(int n)
{
	for (int i = 0; i < n; i++)
		if (pread(file, memory, PAGE, (off_t)(i % PAGES) * PAGE) != PAGE)
			abort();
}

/* Two threads on two CPUs read one description: its position has a lock, a mutex in the kernel. */
static void *read_too(void *unused)
{
	char byte;

	for (;;)
		if (read(file, &byte, 1) != 1)
			lseek(file, 0, SEEK_SET);
	return unused;
}
static void reads(int n)
{
	char byte;

	for (int i = 0; i < n; i++)
		if (read(file, &byte, 1) != 1)
			lseek(file, 0, SEEK_SET);
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[1] : "";
	int events = argc > 3 ? atoi(argv[2]) : 0;
	const char *path = argc > 3 ? argv[3] : "";
	void (*loop)(int) = NULL;
	double cpu[BATCHES], wall[BATCHES];
	pthread_t thread;
	char line[16];
	int last = sysconf(_SC_NPROCESSORS_ONLN) - 1;

	memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(memory, PAGES * PAGE, MADV_NOHUGEPAGE);
	if (strcmp(what, "reads"))
		pin(last);
	if (!strcmp(what, "getppids"))
		loop = getppids;
	else if (!strcmp(what, "touch"))
		loop = touch;
	else if (!strcmp(what, "mallocs"))
		loop = mallocs;
	else if (!strcmp(what, "switches")) {
		loop = switches;
		if (pipe(there) || pipe(back) || pthread_create(&thread, NULL, answer_bytes, NULL))
			return 1;
	} else if (!strcmp(what, "turns")) {
		loop = turns;
		if (pthread_create(&thread, NULL, answer_turns, NULL))
			return 1;
	} else if (!strcmp(what, "connections")) {
		socklen_t length = sizeof(address);

		loop = connections;
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		listener = socket(AF_INET, SOCK_STREAM, 0);
		if (bind(listener, (void *)&address, length) || listen(listener, 16) ||
		    getsockname(listener, (void *)&address, &length))
			return 1;
	} else if (!strcmp(what, "disk_reads")) {
		loop = disk_reads;
		file = open(path, O_RDONLY | O_DIRECT);
		if (file < 0)
			return 1;
	} else if (!strcmp(what, "reads")) {
		loop = reads;
		file = open(path, O_RDONLY);
		if (file < 0 || pthread_create(&thread, NULL, read_too, NULL))
			return 1;
	} else {
		return 2;
	}
	setvbuf(stdin, NULL, _IONBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		for (int b = 0; b < BATCHES; b++) {
			double cpu_start = now(CLOCK_PROCESS_CPUTIME_ID), start = now(CLOCK_MONOTONIC);

			loop(events);
			cpu[b] = (now(CLOCK_PROCESS_CPUTIME_ID) - cpu_start) / events;
			wall[b] = (now(CLOCK_MONOTONIC) - start) / events;
		}
		qsort(cpu, BATCHES, sizeof(*cpu), order);
		qsort(wall, BATCHES, sizeof(*wall), order);
		printf("%.1f %.1f\n", cpu[BATCHES / 4], wall[BATCHES / 4]);
		fflush(stdout);
	}
	/* Threads that answer do not end by themselves. */
	_exit(0);
}
