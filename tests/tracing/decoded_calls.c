/* Makes system calls with known arguments, for the comparison of our text of them with strace's. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/fs.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <linux/if_packet.h>
#include <linux/memfd.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#define S(...) syscall(__VA_ARGS__)
static char big[70000];

static void files(void) {
  struct stat st;
  struct statfs sf;
  char buffer[256], raw[] = "a\tb\n\1\0012\033\x7f\x80\xff\"\\z\v\f\r";
  int fd, n;
  S(SYS_open, "one", O_RDWR | O_CREAT | O_TRUNC, 0644);
  fd = open("one", O_RDWR);
  S(SYS_write, fd, raw, sizeof raw);
  S(SYS_write, fd, "0123456789012345678901234567890123456789", 40);
  S(SYS_write, fd, "01234567890123456789012345678901", 32);
  S(SYS_write, fd, "", 0);
  S(SYS_write, fd, (void *)8, 5);
  S(SYS_write, 99, "abc", 3);
  S(SYS_lseek, fd, 0, SEEK_SET);
  S(SYS_lseek, fd, -3L, SEEK_END);
  S(SYS_lseek, fd, 0, 77);
  S(SYS_lseek, fd, 0, SEEK_SET);
  S(SYS_read, fd, buffer, 10);
  S(SYS_read, fd, buffer, sizeof buffer);
  S(SYS_read, fd, buffer, 0);
  S(SYS_read, fd, buffer, sizeof buffer);
  S(SYS_read, 99, buffer, 10);
  S(SYS_pread64, fd, buffer, 20, 8L);
  S(SYS_pwrite64, fd, "xyz", 3, 1L << 33);
  S(SYS_ftruncate, fd, 100L);
  S(SYS_truncate, "one", 90L);
  struct iovec in[3] = {{buffer, 4}, {buffer + 10, 8}, {buffer + 30, 0}}, out[2] = {{"hello ", 6}, {"world", 5}};
  S(SYS_writev, fd, out, 2);
  S(SYS_lseek, fd, 0, SEEK_SET);
  S(SYS_readv, fd, in, 3);
  S(SYS_preadv, fd, in, 2, 4L, 0L);
  S(SYS_pwritev, fd, out, 2, 4L, 0L);
  S(SYS_writev, fd, (void *)16, 2);
  S(SYS_writev, fd, out, 0);
  S(SYS_stat, "one", &st);
  S(SYS_stat, "/dev/null", &st);
  S(SYS_stat, "missing", &st);
  S(SYS_lstat, "/proc/self", &st);
  S(SYS_fstat, fd, &st);
  S(SYS_newfstatat, AT_FDCWD, "one", &st, AT_SYMLINK_NOFOLLOW);
  S(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH);
  struct statx sx;
  S(SYS_statx, AT_FDCWD, "one", AT_STATX_SYNC_AS_STAT | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &sx);
  S(SYS_statx, AT_FDCWD, "/dev/zero", AT_NO_AUTOMOUNT, STATX_TYPE | STATX_MODE | STATX_SIZE, &sx);
  S(SYS_statx, AT_FDCWD, "missing", AT_STATX_DONT_SYNC, STATX_ALL, &sx);
  S(SYS_statfs, "/proc", &sf);
  S(SYS_statfs, "/dev/shm", &sf);
  S(SYS_fstatfs, fd, &sf);
  S(SYS_access, "one", R_OK | W_OK);
  S(SYS_access, "one", F_OK);
  S(SYS_access, "one", 0x10);
  S(SYS_faccessat, AT_FDCWD, "one", X_OK);
  S(SYS_faccessat2, AT_FDCWD, "one", R_OK, AT_EACCESS);
  S(SYS_openat, AT_FDCWD, ".", O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC);
  S(SYS_openat, AT_FDCWD, "two", O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0600);
  S(SYS_openat, AT_FDCWD, ".", O_TMPFILE | O_RDWR, 0600);
  S(SYS_openat, 98, "x", O_PATH | O_NOFOLLOW);
  S(SYS_openat, AT_FDCWD, NULL, O_RDONLY);
  S(SYS_openat, AT_FDCWD, (void *)8, O_RDONLY | O_SYNC | O_DSYNC | O_DIRECT | O_LARGEFILE | O_NOATIME | O_ASYNC);
  S(SYS_openat, AT_FDCWD, "x", 3 | O_NOCTTY);
  S(SYS_openat, AT_FDCWD, "missing", 0x8000000 | O_WRONLY);
  struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH};
  S(SYS_openat2, AT_FDCWD, "one", &how, sizeof how);
  S(SYS_creat, "three", 0640);
  S(SYS_close, 4);
  S(SYS_close, -1);
  S(SYS_mkdir, "dir", 0755);
  S(SYS_mkdir, "dir", 01777);
  S(SYS_mkdirat, AT_FDCWD, "dir/sub", 0);
  S(SYS_rename, "two", "four");
  S(SYS_renameat, AT_FDCWD, "four", AT_FDCWD, "two");
  S(SYS_renameat2, AT_FDCWD, "one", AT_FDCWD, "two", 1);
  S(SYS_link, "one", "hard");
  S(SYS_linkat, AT_FDCWD, "one", AT_FDCWD, "hard2", AT_SYMLINK_FOLLOW);
  S(SYS_symlink, "one", "soft");
  S(SYS_symlinkat, "one\n\"q\"", AT_FDCWD, "soft\1" "7");
  S(SYS_readlink, "soft", buffer, sizeof buffer);
  S(SYS_readlinkat, AT_FDCWD, "soft", buffer, 2);
  S(SYS_readlink, "one", buffer, sizeof buffer);
  S(SYS_unlink, "hard");
  S(SYS_unlinkat, AT_FDCWD, "hard2", 0);
  S(SYS_unlinkat, AT_FDCWD, "dir/sub", AT_REMOVEDIR);
  S(SYS_rmdir, "dir");
  S(SYS_chmod, "one", 0600);
  S(SYS_chmod, "one", 04755);
  S(SYS_fchmod, fd, 0444);
  S(SYS_fchmodat, AT_FDCWD, "one", 0);
  S(SYS_chown, "one", 0, 0);
  S(SYS_chown, "one", -1, 7);
  S(SYS_lchown, "soft", 3, -1);
  S(SYS_fchown, fd, 0, 0);
  S(SYS_fchownat, AT_FDCWD, "one", 0, 0, AT_SYMLINK_NOFOLLOW);
  S(SYS_umask, 077);
  S(SYS_umask, 022);
  S(SYS_getcwd, buffer, sizeof buffer);
  S(SYS_getcwd, buffer, 1);
  S(SYS_chdir, ".");
  S(SYS_fchdir, fd);
  S(SYS_mknod, "fifo", S_IFIFO | 0644, 0);
  S(SYS_mknod, "null", S_IFCHR | 0600, 0x103);
  S(SYS_mknodat, AT_FDCWD, "plain", S_IFREG | 0600, 0);
  struct timespec times[2] = {{5, 6}, {0, UTIME_NOW}};
  S(SYS_utimensat, AT_FDCWD, "one", times, 0);
  times[0].tv_nsec = UTIME_OMIT;
  S(SYS_utimensat, AT_FDCWD, "one", times, AT_SYMLINK_NOFOLLOW);
  S(SYS_utimensat, AT_FDCWD, "one", NULL, 0);
  struct timeval tv[2] = {{1, 2}, {3, 4}};
  S(SYS_utimes, "one", tv);
  S(SYS_futimesat, AT_FDCWD, "one", tv);
  S(SYS_setxattr, "one", "user.a", "value", 5, XATTR_CREATE);
  S(SYS_getxattr, "one", "user.a", buffer, sizeof buffer);
  S(SYS_getxattr, "one", "user.a", NULL, 0);
  S(SYS_getxattr, "one", "user.none", buffer, sizeof buffer);
  S(SYS_listxattr, "one", buffer, sizeof buffer);
  S(SYS_flistxattr, fd, buffer, sizeof buffer);
  S(SYS_removexattr, "one", "user.a");
  S(SYS_fsync, fd);
  S(SYS_fdatasync, fd);
  S(SYS_fallocate, fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0L, 10L);
  S(SYS_fadvise64, fd, 0L, 100L, POSIX_FADV_SEQUENTIAL);
  S(SYS_readahead, fd, 0L, 10);
  S(SYS_sync_file_range, fd, 0L, 10L, SYNC_FILE_RANGE_WRITE);
  S(SYS_flock, fd, LOCK_EX | LOCK_NB);
  S(SYS_flock, fd, LOCK_UN);
  n = open(".", O_RDONLY | O_DIRECTORY);
  S(SYS_getdents64, n, big, sizeof big);
  S(SYS_getdents64, n, big, sizeof big);
  S(SYS_getdents64, fd, big, sizeof big);
  S(SYS_mount, "none", "/missing", "tmpfs", MS_NOSUID | MS_NODEV, "size=1m");
  S(SYS_mount, "/a", "/missing", NULL, MS_BIND | MS_REC, NULL);
  S(SYS_umount2, "/missing", MNT_DETACH | UMOUNT_NOFOLLOW);
  S(SYS_sendfile, n, fd, NULL, 5);
  off_t at = 2;
  n = S(SYS_openat, AT_FDCWD, "copy", O_RDWR | O_CREAT, 0600);
  S(SYS_sendfile, n, fd, &at, 5);
  S(SYS_copy_file_range, fd, &at, n, NULL, 3, 0);
  S(SYS_close_range, 200, 300, CLOSE_RANGE_CLOEXEC);
  S(SYS_chroot, "/missing");
  S(SYS_acct, "/missing/x");
  S(SYS_swapon, "/missing", 0);
  S(SYS_pivot_root, "/missing", "/missing2");
  S(SYS_name_to_handle_at, AT_FDCWD, "missing", NULL, NULL, 0);
}

static void descriptors(void) {
  int pair[2], fd, value = 1;
  struct flock lock = {F_WRLCK, SEEK_SET, 10, 20, 0};
  struct f_owner_ex owner = {F_OWNER_PGRP, 0};
  struct winsize size;
  struct termios tio;
  fd = open("one", O_RDWR);
  S(SYS_pipe, pair);
  S(SYS_pipe2, pair, O_CLOEXEC | O_NONBLOCK);
  S(SYS_pipe2, pair, 0);
  S(SYS_pipe2, (void *)8, 0);
  S(SYS_dup, fd);
  S(SYS_dup2, fd, 50);
  S(SYS_dup3, fd, 51, O_CLOEXEC);
  S(SYS_dup3, fd, 52, 0);
  S(SYS_fcntl, fd, F_GETFD);
  S(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
  S(SYS_fcntl, fd, F_GETFD);
  S(SYS_fcntl, fd, F_GETFL);
  S(SYS_fcntl, fd, F_SETFL, O_RDWR | O_NONBLOCK);
  S(SYS_fcntl, fd, F_SETFL, O_NONBLOCK);
  S(SYS_fcntl, fd, F_DUPFD, 60);
  S(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 61);
  S(SYS_fcntl, fd, F_SETLK, &lock);
  S(SYS_fcntl, fd, F_GETLK, &lock);
  S(SYS_fcntl, fd, F_OFD_SETLKW, &lock);
  S(SYS_fcntl, 99, F_GETLK, &lock);
  S(SYS_fcntl, fd, F_SETOWN, 0);
  S(SYS_fcntl, fd, F_GETOWN);
  S(SYS_fcntl, fd, F_SETOWN_EX, &owner);
  S(SYS_fcntl, fd, F_GETOWN_EX, &owner);
  S(SYS_fcntl, fd, F_SETSIG, SIGUSR1);
  S(SYS_fcntl, fd, F_GETSIG);
  S(SYS_fcntl, fd, F_SETLEASE, F_UNLCK);
  S(SYS_fcntl, fd, F_GETLEASE);
  S(SYS_fcntl, fd, F_GETPIPE_SZ);
  S(SYS_fcntl, pair[0], F_GETPIPE_SZ);
  S(SYS_fcntl, fd, 12345, 6);
  S(SYS_memfd_create, "mem", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  fd = memfd_create("mem2", MFD_ALLOW_SEALING);
  S(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
  S(SYS_fcntl, fd, F_GET_SEALS);
  S(SYS_ioctl, fd, FIONREAD, &value);
  S(SYS_ioctl, pair[0], FIONREAD, &value);
  value = 1;
  S(SYS_ioctl, pair[0], FIONBIO, &value);
  S(SYS_ioctl, pair[0], FIOCLEX);
  S(SYS_ioctl, fd, TCGETS, &tio);
  S(SYS_ioctl, fd, TIOCGWINSZ, &size);
  S(SYS_ioctl, fd, TIOCGPGRP, &value);
  S(SYS_ioctl, fd, 0xc0185aee, &value);
  S(SYS_ioctl, fd, 0x1234, 5);
  int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
  S(SYS_ioctl, master, TCGETS, &tio);
  S(SYS_ioctl, master, TCSETS, &tio);
  size.ws_row = 24, size.ws_col = 80, size.ws_xpixel = size.ws_ypixel = 0;
  S(SYS_ioctl, master, TIOCSWINSZ, &size);
  S(SYS_ioctl, master, TIOCGWINSZ, &size);
  S(SYS_ioctl, master, TIOCSPTLCK, &value);
  S(SYS_eventfd, 3);
  S(SYS_eventfd2, 3, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
  S(SYS_inotify_init);
  fd = S(SYS_inotify_init1, IN_CLOEXEC | IN_NONBLOCK);
  S(SYS_inotify_add_watch, fd, ".", IN_CREATE | IN_DELETE | IN_ONLYDIR);
  S(SYS_inotify_add_watch, fd, "one", IN_ALL_EVENTS);
  S(SYS_inotify_rm_watch, fd, 1);
  pipe(pair);
  write(pair[1], "abcdef", 6);
  int other[2];
  pipe(other);
  S(SYS_tee, pair[0], other[1], 3, SPLICE_F_NONBLOCK);
  S(SYS_splice, pair[0], NULL, other[1], NULL, 3, SPLICE_F_MOVE | SPLICE_F_MORE);
  struct iovec vector = {"vm", 2};
  S(SYS_vmsplice, pair[1], &vector, 1, 0);
}

static void waiting(void) {
  int pair[2], ep;
  pipe(pair);
  struct pollfd fds[3] = {{pair[0], POLLIN | POLLPRI, 0}, {-1, POLLIN, 0}, {pair[1], POLLOUT, 0}};
  struct timespec ts = {0, 1000};
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  S(SYS_poll, fds, 3, 10);
  S(SYS_poll, fds, 1, 0);
  S(SYS_poll, NULL, 0, 1);
  S(SYS_poll, (void *)8, 1, 0);
  S(SYS_ppoll, fds, 1, &ts, &set, 8);
  ts = (struct timespec){5, 0};
  S(SYS_ppoll, fds, 3, NULL, NULL, 8);
}

static void waiting2(void) {
  int pair[2], ep;
  pipe(pair);
  struct pollfd fds[2] = {{pair[0], POLLIN, 0}, {pair[1], POLLOUT, 0}};
  struct timespec ts = {0, 1000};
  fd_set r, w;
  struct timeval tv = {0, 1000};
  S(SYS_ppoll, fds, 1, &ts, NULL, 8);
  FD_ZERO(&r);
  FD_ZERO(&w);
  FD_SET(pair[0], &r);
  FD_SET(pair[1], &w);
  S(SYS_select, pair[1] + 1, &r, &w, NULL, NULL);
  FD_SET(pair[0], &r);
  S(SYS_select, pair[1] + 1, &r, NULL, NULL, &tv);
  S(SYS_select, 0, NULL, NULL, NULL, &tv);
  FD_SET(pair[0], &r);
  S(SYS_pselect6, pair[1] + 1, NULL, &w, &r, NULL, NULL);
  FD_SET(pair[0], &r);
  S(SYS_pselect6, pair[1] + 1, &r, NULL, NULL, &ts, (struct { void *s; size_t n; }[]){{NULL, 8}});
  S(SYS_select, -1, &r, NULL, NULL, &tv);
  S(SYS_epoll_create, 5);
  ep = S(SYS_epoll_create1, EPOLL_CLOEXEC);
  struct epoll_event e = {EPOLLOUT | EPOLLET | EPOLLONESHOT, {.u64 = 5}}, found[4];
  S(SYS_epoll_ctl, ep, EPOLL_CTL_ADD, pair[1], &e);
  e.data.u64 = 0x123456789aUL;
  S(SYS_epoll_ctl, ep, EPOLL_CTL_MOD, pair[1], &e);
  S(SYS_epoll_ctl, ep, EPOLL_CTL_MOD, 99, &e);
  S(SYS_epoll_wait, ep, found, 4, 10);
  S(SYS_epoll_wait, ep, found, 4, 0);
  S(SYS_epoll_pwait, ep, found, 4, 0, NULL, 8L);
  S(SYS_epoll_pwait2, ep, found, 4, &ts, NULL, 8L);
  S(SYS_epoll_ctl, ep, EPOLL_CTL_DEL, pair[1], NULL);
  S(SYS_epoll_wait, 99, found, 4, 0);
}

static void sockets(void) {
  int one = 1, pair[2], s, l, c;
  char buffer[100];
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(2), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  struct sockaddr_un un = {AF_UNIX, "/missing/sock"}, abstract = {AF_UNIX, "\0abs\1tract"};
  struct sockaddr_nl nl = {.nl_family = AF_NETLINK, .nl_groups = 3};
  struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_protocol = htons(0x800), .sll_ifindex = 1, .sll_halen = 6, .sll_addr = {1, 0xab}, .sll_hatype = 1, .sll_pkttype = 4};
  struct sockaddr_storage peer;
  socklen_t length;
  S(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  S(SYS_socket, AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_IP);
  S(SYS_socket, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
  S(SYS_socket, AF_UNIX, SOCK_SEQPACKET, 0);
  S(SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  S(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
  S(SYS_socket, AF_PACKET, SOCK_RAW, htons(0x3));
  S(SYS_socket, 77, 9, 5);
  s = socket(AF_INET, SOCK_STREAM, 0);
  S(SYS_connect, s, &in, sizeof in);
  S(SYS_connect, s, &in6, sizeof in6);
  in6.sin6_addr.s6_addr[0] = 0xfe;
  in6.sin6_addr.s6_addr[1] = 0x80;
  in6.sin6_scope_id = 3;
  in6.sin6_flowinfo = htonl(7);
  S(SYS_connect, s, &in6, sizeof in6);
  memcpy(&in6.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\1\2\3\4", 16);
  S(SYS_connect, s, &in6, sizeof in6);
  memcpy(&in6.sin6_addr, "\x20\1\0\0\0\1\0\0\0\0\0\0\0\2\0\3", 16);
  S(SYS_connect, s, &in6, 24);
  S(SYS_connect, s, &un, sizeof un);
  S(SYS_connect, s, &un, offsetof(struct sockaddr_un, sun_path) + 5);
  S(SYS_connect, s, &abstract, offsetof(struct sockaddr_un, sun_path) + 11);
  S(SYS_connect, s, &nl, sizeof nl);
  S(SYS_connect, s, &ll, sizeof ll);
  S(SYS_connect, s, "\x4d\0abcdef", 8);
  S(SYS_connect, s, &in, 1);
  S(SYS_connect, s, NULL, 16);
  S(SYS_connect, s, (void *)8, 16);
  S(SYS_setsockopt, s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  S(SYS_setsockopt, s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  S(SYS_setsockopt, s, SOL_IP, 1, &one, sizeof one);
  S(SYS_setsockopt, s, SOL_SOCKET, SO_KEEPALIVE, NULL, 4);
  S(SYS_setsockopt, s, 300, 5, "abc", 3);
  struct linger linger = {1, 5};
  S(SYS_setsockopt, s, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  struct timeval tv = {1, 500000};
  S(SYS_setsockopt, s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
  S(SYS_setsockopt, s, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
  length = sizeof one;
  S(SYS_getsockopt, s, SOL_SOCKET, SO_ERROR, &one, &length);
  S(SYS_getsockopt, s, SOL_SOCKET, SO_TYPE, &one, &length);
  S(SYS_getsockopt, s, SOL_SOCKET, SO_DOMAIN, &one, &length);
  length = 8;
  S(SYS_getsockopt, s, SOL_SOCKET, SO_SNDBUF, &one, &length);
  S(SYS_getsockopt, s, SOL_SOCKET, SO_LINGER, &linger, &length);
  S(SYS_getsockopt, 99, SOL_SOCKET, SO_LINGER, &linger, &length);
  length = 16;
  S(SYS_getsockopt, s, IPPROTO_TCP, TCP_CONGESTION, buffer, &length);
  l = socket(AF_UNIX, SOCK_STREAM, 0);
  strcpy(un.sun_path, "listening");
  S(SYS_bind, l, &un, sizeof un);
  S(SYS_listen, l, 5);
  c = socket(AF_UNIX, SOCK_STREAM, 0);
  S(SYS_connect, c, &un, sizeof un);
  length = sizeof peer;
  s = S(SYS_accept, l, &peer, &length);
  length = sizeof peer;
  S(SYS_getsockname, s, &peer, &length);
  length = sizeof peer;
  S(SYS_getpeername, c, &peer, &length);
  length = 4;
  S(SYS_getpeername, c, &peer, &length);
  length = 16;
  S(SYS_getpeername, 99, &peer, &length);
  fcntl(l, F_SETFL, O_NONBLOCK);
  S(SYS_accept4, l, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  length = 16;
  S(SYS_accept, l, &peer, &length);
  S(SYS_sendto, c, "hello", 5, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
  S(SYS_recvfrom, s, buffer, sizeof buffer, MSG_PEEK, NULL, NULL);
  length = sizeof peer;
  S(SYS_recvfrom, s, buffer, sizeof buffer, 0, &peer, &length);
  S(SYS_recvfrom, s, buffer, sizeof buffer, MSG_DONTWAIT, &peer, &length);
  S(SYS_shutdown, c, SHUT_WR);
  S(SYS_shutdown, c, 7);
  S(SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0, pair);
  struct iovec vector[2] = {{"part one ", 9}, {"two", 3}}, into = {buffer, sizeof buffer};
  struct msghdr message = {.msg_iov = vector, .msg_iovlen = 2};
  S(SYS_sendmsg, pair[0], &message, MSG_NOSIGNAL);
  struct msghdr got = {.msg_name = &peer, .msg_namelen = sizeof peer, .msg_iov = &into, .msg_iovlen = 1};
  S(SYS_recvmsg, pair[1], &got, 0);
  S(SYS_recvmsg, pair[1], &got, MSG_DONTWAIT);
  union {
    char space[CMSG_SPACE(8)];
    struct cmsghdr head;
  } control = {.head = {CMSG_LEN(8), SOL_SOCKET, SCM_RIGHTS}};
  memcpy(CMSG_DATA(&control.head), pair, 8);
  message.msg_control = &control;
  message.msg_controllen = sizeof control;
  S(SYS_sendmsg, pair[0], &message, 0);
  got.msg_control = buffer + 32;
  got.msg_controllen = 64;
  into.iov_len = 30;
  S(SYS_recvmsg, pair[1], &got, 0);
  struct mmsghdr many[2] = {{.msg_hdr = {.msg_iov = vector, .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = vector + 1, .msg_iovlen = 1}}};
  S(SYS_sendmmsg, pair[0], many, 2, MSG_DONTWAIT);
  struct iovec parts[2] = {{buffer, 20}, {buffer + 20, 20}};
  struct mmsghdr more[2] = {{.msg_hdr = {.msg_iov = parts, .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = parts + 1, .msg_iovlen = 1}}};
  S(SYS_recvmmsg, pair[1], more, 2, MSG_DONTWAIT, NULL);
  S(SYS_sendto, pair[0], "x", 1, 0, &in, sizeof in);
}

static void memory(void) {
  unsigned char pages[4];
  char *p = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  S(SYS_mmap, NULL, 8192, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE, -1, 0x1000L);
  S(SYS_mmap, NULL, 0, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED | MAP_GROWSDOWN | MAP_STACK, 3, 0L);
  S(SYS_mmap, NULL, 0, 0x10, 0x40000000, 3, 0L);
  S(SYS_mprotect, p, 4096, PROT_READ);
  S(SYS_mprotect, p, 4096, PROT_READ | PROT_WRITE);
  S(SYS_mremap, p, 16384, 8192, 0);
  S(SYS_mremap, p, 8192, 12288, MREMAP_MAYMOVE);
  S(SYS_mremap, p, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, 0x10);
  p = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  p[0] = 1;
  S(SYS_msync, p, 4096, MS_SYNC | MS_INVALIDATE);
  S(SYS_mincore, p, 8192, pages);
  S(SYS_mincore, (char *)16, 8192, pages);
  S(SYS_madvise, p, 4096, MADV_DONTNEED);
  S(SYS_madvise, p, 4096, MADV_HUGEPAGE);
  S(SYS_madvise, p, 4096, 1234);
  S(SYS_mlock, p, 4096);
  S(SYS_mlock2, p, 4096, 1);
  S(SYS_munlock, p, 4096);
  S(SYS_mlockall, 0x10);
  S(SYS_munlockall);
  S(SYS_munmap, p, 16384);
  S(SYS_brk, NULL);
  int id = S(SYS_shmget, IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  void *at = (void *)S(SYS_shmat, id, NULL, SHM_RDONLY);
  S(SYS_shmdt, at);
  S(SYS_shmctl, id, IPC_RMID, NULL);
  S(SYS_shmget, 0x1234567, 4096, 0600);
  id = S(SYS_semget, IPC_PRIVATE, 2, IPC_CREAT | IPC_EXCL | 0600);
  struct sembuf ops[2] = {{0, 1, 0}, {0, -1, SEM_UNDO | IPC_NOWAIT}};
  S(SYS_semop, id, ops, 2);
  struct timespec ts = {0, 1};
  S(SYS_semtimedop, id, ops, 2, &ts);
  S(SYS_semctl, id, 0, IPC_RMID, NULL);
  id = S(SYS_msgget, IPC_PRIVATE, IPC_CREAT | 0600);
  S(SYS_msgctl, id, IPC_RMID, NULL);
}

static void nothing(int n) { (void)n; }

static void signals(void) {
  sigset_t set, old;
  struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART | SA_NODEFER}, before;
  siginfo_t info;
  struct timespec ts = {0, 1000};
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGRTMIN + 1);
  sigaction(SIGUSR1, &action, &before);
  sigaction(SIGUSR1, NULL, &before);
  action.sa_handler = SIG_IGN;
  action.sa_flags = SA_SIGINFO | SA_NOCLDWAIT;
  sigaddset(&action.sa_mask, SIGINT);
  sigaction(SIGPIPE, &action, NULL);
  S(SYS_rt_sigaction, 99, NULL, NULL, 8);
  S(SYS_rt_sigprocmask, SIG_BLOCK, &set, &old, 8);
  S(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &old, 8);
  S(SYS_kill, getpid(), SIGUSR1);
  S(SYS_rt_sigpending, &old, 8);
  S(SYS_rt_sigtimedwait, &set, &info, &ts, 8);
  S(SYS_rt_sigtimedwait, &set, &info, &ts, 8);
  S(SYS_kill, getpid(), SIGRTMIN + 1);
  S(SYS_rt_sigtimedwait, &set, NULL, NULL, 8);
  sigfillset(&old);
  S(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, 8);
  sigdelset(&old, SIGTERM);
  S(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, 8);
  sigemptyset(&old);
  S(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, 8);
  S(SYS_rt_sigprocmask, 9, &old, NULL, 8);
  stack_t stack = {.ss_sp = big, .ss_size = 8192}, was;
  S(SYS_sigaltstack, &stack, &was);
  S(SYS_sigaltstack, NULL, &was);
  int fd = S(SYS_signalfd4, -1, &set, 8, SFD_CLOEXEC | SFD_NONBLOCK);
  S(SYS_signalfd, fd, &set, 8);
  S(SYS_tgkill, getpid(), getpid(), 0);
  S(SYS_tkill, getpid(), 0);
  S(SYS_kill, 99999999, 64);
}

static void clocks(void) {
  struct timespec ts = {0, 1000}, left;
  struct timeval tv;
  struct itimerval it = {{0, 0}, {100, 5}}, was;
  struct itimerspec its = {{1, 2}, {300, 4}}, old;
  struct timezone tz;
  struct tms tms;
  int id = 0;
  S(SYS_nanosleep, &ts, &left);
  S(SYS_nanosleep, &ts, NULL);
  S(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &ts, NULL);
  S(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &ts, &left);
  S(SYS_clock_gettime, 55, &ts);
  S(SYS_clock_getres, CLOCK_MONOTONIC_COARSE, &ts);
  S(SYS_clock_getres, CLOCK_BOOTTIME, NULL);
  ts.tv_nsec = -1;
  S(SYS_nanosleep, &ts, &left);
  S(SYS_clock_getres, -6, &ts);
  S(SYS_gettimeofday, NULL, &tz);
  S(SYS_setitimer, ITIMER_REAL, &it, &was);
  it.it_value.tv_sec = 0;
  it.it_value.tv_usec = 0;
  S(SYS_setitimer, ITIMER_REAL, &it, NULL);
  S(SYS_getitimer, ITIMER_VIRTUAL, &was);
  S(SYS_alarm, 0);
  S(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id);
  S(SYS_timer_settime, id, 0, &its, &old);
  S(SYS_timer_gettime, 77, &old);
  S(SYS_timer_getoverrun, id);
  S(SYS_timer_delete, id);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM, .sigev_value.sival_int = 7};
  S(SYS_timer_create, CLOCK_REALTIME, &event, &id);
  int fd = S(SYS_timerfd_create, CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  S(SYS_timerfd_settime, fd, 0, &its, &old);
  S(SYS_timerfd_settime, fd, TFD_TIMER_ABSTIME, &its, NULL);
  S(SYS_close, fd);
  S(SYS_timerfd_gettime, 99, &old);
  S(SYS_clock_settime, CLOCK_MONOTONIC, &ts);
  S(SYS_settimeofday, NULL, NULL);
}

static void processes(void) {
  struct rlimit limit;
  struct rusage usage;
  siginfo_t info;
  int status;
  gid_t groups[3] = {1, 2, 3};
  struct sched_param param = {0};
  cpu_set_t cpus;
  struct utsname name;
  unsigned a, b, c;
  S(SYS_getpgid, 0);
  S(SYS_setpgid, 0, 0);
  S(SYS_getsid, 0);
  S(SYS_getpriority, PRIO_PROCESS, 0);
  S(SYS_setpriority, PRIO_PROCESS, 0, 1);
  S(SYS_getrlimit, RLIMIT_NOFILE, &limit);
  S(SYS_getrlimit, RLIMIT_STACK, &limit);
  S(SYS_setrlimit, RLIMIT_CORE, &(struct rlimit){0, 4096});
  S(SYS_prlimit64, 0, RLIMIT_STACK, NULL, &limit);
  S(SYS_prlimit64, 0, RLIMIT_CORE, &(struct rlimit){0, 1000}, NULL);
  S(SYS_prlimit64, 0, 99, NULL, &limit);
  S(SYS_sched_yield);
  S(SYS_sched_getparam, 0, &param);
  S(SYS_sched_setparam, 0, &param);
  S(SYS_sched_getscheduler, 0);
  S(SYS_sched_setscheduler, 0, SCHED_BATCH, &param);
  S(SYS_sched_get_priority_max, SCHED_FIFO);
  S(SYS_sched_get_priority_min, SCHED_RR);
  S(SYS_sched_getaffinity, 0, sizeof cpus, &cpus);
  S(SYS_sched_setaffinity, 0, 8, &cpus);
  S(SYS_sched_getaffinity, 99999999, sizeof cpus, &cpus);
  S(SYS_setgroups, 2, groups);
  S(SYS_getgroups, 3, groups);
  S(SYS_getgroups, 0, NULL);
  S(SYS_setgroups, 0, NULL);
  S(SYS_getresuid, &a, &b, &c);
  S(SYS_getresgid, &a, &b, &c);
  S(SYS_setresuid, -1, 0, -1);
  S(SYS_setreuid, -1, 0);
  S(SYS_setuid, 0);
  S(SYS_setfsuid, -1);
  S(SYS_uname, &name);
  S(SYS_prctl, PR_SET_NAME, "a name");
  S(SYS_prctl, PR_GET_NAME, big);
  S(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
  S(SYS_prctl, PR_SET_PDEATHSIG, 0);
  S(SYS_prctl, PR_GET_PDEATHSIG, &status);
  S(SYS_prctl, PR_SET_DUMPABLE, 1);
  S(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  S(SYS_prctl, PR_CAPBSET_READ, 21);
  S(SYS_prctl, 12345, 1, 2, 3, 4);
  S(SYS_arch_prctl, 0x1003, big);
  S(SYS_arch_prctl, 0x1001, 0);
  S(SYS_seccomp, 9, 0, NULL);
  S(SYS_membarrier, 0, 0, 0);
  S(SYS_unshare, 0);
  S(SYS_setns, 99, CLONE_NEWNET);
  S(SYS_kcmp, getpid(), getpid(), 1, 0, 0);
  S(SYS_set_tid_address, &status);
  S(SYS_getrandom, NULL, 0, GRND_NONBLOCK);
  S(SYS_getrandom, (void *)8, 4, GRND_RANDOM);
  S(SYS_ptrace, PTRACE_CONT, 99999999, 0, SIGINT);
  S(SYS_ptrace, PTRACE_GETREGSET, 99999999, 1, &status);
  S(SYS_sethostname, (void *)8, 3);
  S(SYS_pidfd_open, 99999999, 0);
  S(SYS_pidfd_getfd, 99, 1, 0);
  S(SYS_pidfd_send_signal, 99, SIGINT, NULL, 0);
  S(SYS_bpf, 99, NULL, 0);
  S(SYS_io_uring_enter, 99, 1, 2, 1, NULL, 8);
  S(SYS_io_uring_register, 99, 1, NULL, 0);
  S(SYS_finit_module, 99, "a=1", 1);
  S(SYS_delete_module, "missing", O_NONBLOCK);
  S(SYS_syslog, 10, NULL, 0);
  int word = 1;
  struct timespec ts = {0, 1000};
  S(SYS_futex, &word, FUTEX_WAIT, 2, NULL);
  S(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, &ts);
  S(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 0x7fffffff);
  S(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 2, NULL, NULL, FUTEX_BITSET_MATCH_ANY);
  S(SYS_futex, &word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 5);
  S(SYS_futex, &word, FUTEX_REQUEUE, 1, 2, &word + 1, 0);
  S(SYS_futex, &word, FUTEX_CMP_REQUEUE_PRIVATE, 1, 2, &word, 1);
  S(SYS_futex, &word, FUTEX_WAKE_OP_PRIVATE, 1, 1, &word, FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_GT, 1));
  S(SYS_futex, &word, FUTEX_UNLOCK_PI);
  S(SYS_futex, &word, 77, 1, 2, 3, 4);
  long head[3];
  S(SYS_set_robust_list, head, 24);
  S(SYS_set_robust_list, head, 5);
  S(SYS_rseq, (void *)8, 32, 0, 0x1234);
}

static void children(void) {
  int status, child;
  struct rusage usage;
  siginfo_t info;
  /* Under a tracer even an ignored signal interrupts a wait, whenever it comes; a blocked one does not. */
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  if ((child = S(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL)) == 0) _exit(3);
  S(SYS_wait4, -1, &status, 0, NULL);
  if ((child = S(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, NULL, &status, &status, NULL)) == 0)
    S(SYS_kill, S(SYS_getpid), SIGKILL);
  S(SYS_waitid, P_PID, child, &info, WEXITED | WNOWAIT, NULL);
  S(SYS_wait4, child, &status, __WALL, &usage);
  S(SYS_wait4, -1, &status, WNOHANG, NULL);
  S(SYS_waitid, P_ALL, 0, &info, WEXITED | WSTOPPED | WNOHANG, &usage);
  struct clone_args args = {.flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID,
                            .parent_tid = (uintptr_t)&status,
                            .child_tid = (uintptr_t)&status,
                            .exit_signal = SIGCHLD};
  if (S(SYS_clone3, &args, sizeof args) == 0) _exit(0);
  S(SYS_wait4, -1, &status, 0, NULL);
  args.exit_signal = 0;
  args.flags = ~0ul;
  S(SYS_clone3, &args, 64);
  S(SYS_clone3, &args, 8);
  S(SYS_clone, CLONE_THREAD, NULL, NULL, NULL, NULL);
  char *arguments[] = {"missing", "one", "with \"quotes\"", NULL}, *environment[] = {"A=1", NULL};
  S(SYS_execve, "/missing/program", arguments, environment);
  S(SYS_execve, "/missing/program", NULL, NULL);
  S(SYS_execveat, AT_FDCWD, "/missing/program", arguments, environment + 1, AT_SYMLINK_NOFOLLOW);
}

/* Every bit of the flags and every small number where a name is expected, with arguments that change nothing. */
static void tables(void) {
  static struct open_how how;
  static struct epoll_event event;
  static struct pollfd poll_fd = {99};
  static struct sigaction action;
  static struct rlimit limit;
  for (int k = 0; k <= 33; k++) {
    unsigned f = k < 32 ? 1u << k : k == 32 ? 0 : ~0u;
    S(SYS_openat, 99, "x", f, 0600);
    S(SYS_pipe2, (void *)8, f);
    S(SYS_access, "missing", f);
    S(SYS_faccessat2, 99, "x", 0, f);
    S(SYS_mmap, NULL, 0L, f, MAP_SHARED, 99, 0L);
    S(SYS_mmap, NULL, 0L, 1, f, 99, 0L);
    S(SYS_mremap, 1L, 0L, 0L, f, 16L);
    S(SYS_msync, 1L, 0L, f);
    S(SYS_mlock2, 1L, -1L, f | 0x100);
    S(SYS_waitid, P_PID, 99999999, NULL, f, NULL);
    S(SYS_wait4, 99999999, NULL, f | WNOHANG, NULL);
    S(SYS_newfstatat, 99, "x", NULL, f);
    S(SYS_unlinkat, 99, "x", f);
    S(SYS_linkat, 99, "x", 99, "y", f);
    S(SYS_utimensat, 99, "x", NULL, f);
    S(SYS_fchownat, 99, "x", 0, 0, f);
    S(SYS_statx, 99, "x", f, 0, NULL);
    S(SYS_statx, 99, "x", 0, f, NULL);
    S(SYS_renameat2, 99, "x", 99, "y", f);
    S(SYS_sendto, 99, "x", 1L, f, NULL, 0);
    S(SYS_accept4, 99, NULL, NULL, f);
    S(SYS_socket, 1, f, 0);
    poll_fd.events = f;
    S(SYS_poll, &poll_fd, 1, 0);
    event.events = f;
    S(SYS_epoll_ctl, 99, EPOLL_CTL_ADD, 98, &event);
    S(SYS_signalfd4, 99, NULL, 8L, f);
    S(SYS_timerfd_settime, 99, f, NULL, NULL);
    S(SYS_timerfd_create, 77, f);
    S(SYS_timer_settime, 99, f, NULL, NULL);
    S(SYS_inotify_add_watch, 99, "x", f);
    S(SYS_splice, 99, NULL, 99, NULL, 1L, f);
    S(SYS_vmsplice, 99, NULL, 0L, f);
    S(SYS_fallocate, 99, f, 0L, 1L);
    S(SYS_sync_file_range, 99, 0L, 1L, f);
    S(SYS_memfd_create, (void *)8, f);
    S(SYS_mount, NULL, "/missing", NULL, (long)f, NULL);
    S(SYS_umount2, "/missing", f);
    action.sa_flags = f & ~0x04000000;
    struct { void *handler; unsigned long flags; void *restorer; unsigned long mask; } raw = {0, f, 0, f};
    S(SYS_rt_sigaction, 99, &raw, NULL, 8L);
    S(SYS_fcntl, 99, F_SETFD, f);
    S(SYS_fcntl, 99, F_SETFL, f);
    S(SYS_fcntl, 99, F_ADD_SEALS, f);
    S(SYS_fcntl, 99, F_NOTIFY, f);
    S(SYS_flock, 99, f);
    S(SYS_shmget, 0x7654321, 1L, f & ~IPC_CREAT);
    S(SYS_semget, 0x7654321, 1, f & ~IPC_CREAT);
    S(SYS_msgget, 0x7654321, f & ~IPC_CREAT);
    S(SYS_shmat, -1, NULL, f);
    S(SYS_setxattr, "missing", "user.x", "", 0L, f);
    S(SYS_close_range, 2, 1, f);
    how.flags = 0;
    how.resolve = f;
    S(SYS_openat2, 99, "x", &how, sizeof how);
    S(SYS_pidfd_open, -1, f);
    S(SYS_preadv2, 99, NULL, 0L, 0L, 0L, f);
    S(SYS_io_uring_enter, 99, 0, 0, f, NULL, 0L);
    S(SYS_setns, 99, f);
    S(SYS_perf_event_open, (void *)8, 0, 0, -1, (long)f);
    S(SYS_seccomp, 1, f, NULL);
    S(SYS_getrandom, NULL, 0L, f);
  }
  for (unsigned n = 0; n < 80; n++) {
    S(SYS_lseek, 99, 0L, n);
    S(SYS_kill, 99999999, n);
    S(SYS_socket, n, 77, 0);
    S(SYS_socket, AF_INET, 77, n);
    S(SYS_socket, AF_NETLINK, 77, n);
    if (n < 20) S(SYS_setsockopt, 99, n, 0, NULL, 0);
    S(SYS_setsockopt, 99, SOL_SOCKET, n, NULL, 0);
    S(SYS_setsockopt, 99, SOL_IP, n, NULL, 0);
    S(SYS_setsockopt, 99, SOL_IPV6, n, NULL, 0);
    S(SYS_setsockopt, 99, SOL_TCP, n, NULL, 0);
    S(SYS_setsockopt, 99, 17, n, NULL, 0);
    S(SYS_setsockopt, 99, 263, n, NULL, 0);
    S(SYS_setsockopt, 99, 270, n, NULL, 0);
    S(SYS_shutdown, 99, n);
    S(SYS_epoll_ctl, 99, n, 98, NULL);
    S(SYS_rt_sigprocmask, n, NULL, NULL, 9L);
    S(SYS_clock_getres, n, NULL);
    S(SYS_prlimit64, -1, n, NULL, NULL);
    S(SYS_getrusage, n, (void *)8);
    S(SYS_getpriority, n, 99999999);
    S(SYS_sched_setscheduler, -1, n, NULL);
    S(SYS_waitid, n, -1, NULL, 0, NULL);
    S(SYS_madvise, 1L, 0L, n);
    S(SYS_fadvise64, 99, 0L, 0L, n);
    S(SYS_membarrier, n << 10, 0, 0);
    S(SYS_io_uring_register, 99, n, NULL, 0);
    S(SYS_getitimer, n, NULL);
    S(SYS_shmctl, -1, n, NULL);
    S(SYS_semctl, -1, 0, n, NULL);
    S(SYS_msgctl, -1, n, NULL);
    S(SYS_mknodat, 99, "x", n << 12, 0);
    S(SYS_timer_create, n, (void *)8, NULL);
    S(SYS_kcmp, -1, -1, n, 1L, 2L);
    S(SYS_fchmodat, 99, "x", n * 101);
    S(SYS_seccomp, n + 5, 0, NULL);
    S(SYS_close, 100 + n);
    S(SYS_lseek, 99, n * 12345678901L - 5, 0);
  }
  static const int commands[] = {0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 17, 18, 1024, 1025, 1026, 1030, 1031, 1032, 1033, 1034, 1035};
  for (unsigned n = 0; n < sizeof commands / sizeof *commands; n++) S(SYS_fcntl, 99, commands[n], 3L);
  static const unsigned requests[] = {
      TIOCEXCL,  TIOCNXCL, TIOCSCTTY, TIOCNOTTY, FIOCLEX, FIONCLEX, BLKRRPART, BLKFLSBUF, 0x2400, 0x2401, 0x2403,
      0x5411,    0x5429,   0x5414,    0x5415,    0x8910,  0x8912,   0x8913,    0x8927,    0x8933, 0x8946, 0x9409,
      0x80081272, 0x1268,  0xc0045877, 0xc020660b, 0x80086601, 0x40086602, 0x12345678, 0xc1234567, 0x40081234, 0x20001234};
  for (unsigned n = 0; n < sizeof requests / sizeof *requests; n++) S(SYS_ioctl, 99, (long)requests[n], 16L);
}

int main(int argc, char **argv) {
  if (argc > 1 || strstr(argv[0], "tables")) {
    tables();
    return 0;
  }
  files();
  descriptors();
  waiting();
  waiting2();
  sockets();
  memory();
  signals();
  clocks();
  processes();
  children();
  S(SYS_exit_group, 7);
}
