/* System calls of known number, error and time. The first argument is what to do. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void times(long n, long nr, long a, long b, long c)
{
	for (long i = 0; i < n; i++)
		syscall(nr, a, b, c);
}

static void *in_thread(void *unused)
{
	times(200, SYS_getuid, 0, 0, 0);
	return unused;
}

/* getppid 1000, getuid 200 by a thread, getgid 70 by a child, open 50 ENOENT, close 30 EBADF, read 20 EBADF. */
static void known(void)
{
	pthread_t thread;
	pid_t child;

	times(1000, SYS_getppid, 0, 0, 0);
	times(50, SYS_openat, AT_FDCWD, (long)"/nowhere/at/all", O_RDONLY);
	times(30, SYS_close, -1, 0, 0);
	times(20, SYS_read, -1, 0, 0);
	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, NULL);
	child = fork();
	if (!child) {
		times(70, SYS_getgid, 0, 0, 0);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	child = vfork();
	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
}

static int ends[2];

static void *writer(void *unused)
{
	struct timespec pause = { .tv_nsec = 20000000 };

	for (int i = 0; i < 10; i++) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
		if (write(ends[1], "x", 1) != 1)
			abort();
	}
	return unused;
}

/* nanosleep 20 of 5 ms, poll 10 of 20 ms, read 10 of about 20 ms. Prints what its own clock says of each kind, in ns. */
static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}
static void waits(void)
{
	struct timespec pause = { .tv_nsec = 5000000 };
	pthread_t thread;
	char byte;
	long start, slept, polled, read_ns;

	start = now();
	times(20, SYS_nanosleep, (long)&pause, 0, 0);
	slept = now() - start;
	start = now();
	times(10, SYS_poll, 0, 0, 20);
	polled = now() - start;
	if (pipe(ends))
		abort();
	pthread_create(&thread, NULL, writer, NULL);
	start = now();
	times(10, SYS_read, ends[0], (long)&byte, 1);
	read_ns = now() - start;
	pthread_join(thread, NULL);
	printf("%ld %ld %ld\n", slept, polled, read_ns);
}

/* getpgrp 40 times, which a filter answers with EPERM; then getppid 10 times. */
static void denied(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgrp, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(*code), .filter = code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		exit(3);
	times(40, SYS_getpgrp, 0, 0, 0);
	times(10, SYS_getppid, 0, 0, 0);
}

/* Number 20 of the 32-bit table 25 times, getpid there and writev here. Ends with code 3 where the kernel has no such table. */
static void no_table(int signal)
{
	(void)signal;
	_exit(3);
}
static void other_table(void)
{
	signal(SIGSEGV, no_table);
	for (int i = 0; i < 25; i++) {
		long answer = 20;
#ifdef __x86_64__
		__asm__ volatile("int $0x80" : "+a"(answer) : : "memory", "r8", "r9", "r10", "r11");
#else
		_exit(3);
#endif
		if (answer != getpid())
			_exit(3);
	}
}

/* Reads 500 times and writes 300 times, says so, and waits for the end of its standard input. */
static void reads(void)
{
	int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);
	char byte;

	times(500, SYS_read, zero, (long)&byte, 1);
	times(300, SYS_write, null, (long)&byte, 1);
	printf("done\n");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
}

/* A thread that is not the first calls exec: the process goes on under its number. */
static char *self;
static void *exec_again(void *unused)
{
	times(15, SYS_getgid, 0, 0, 0);
	execl(self, self, "after_exec", NULL);
	return unused;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	pthread_t thread;

	self = argv[0];
	if (!strcmp(what, "known"))
		known();
	else if (!strcmp(what, "waits"))
		waits();
	else if (!strcmp(what, "denied"))
		denied();
	else if (!strcmp(what, "other_table"))
		other_table();
	else if (!strcmp(what, "reads"))
		reads();
	else if (!strcmp(what, "after_exec"))
		times(25, SYS_getuid, 0, 0, 0);
	else if (!strcmp(what, "exec_in_thread")) {
		pthread_create(&thread, NULL, exec_again, NULL);
		for (;;)
			pause();
	} else
		return 2;
	return 0;
}
