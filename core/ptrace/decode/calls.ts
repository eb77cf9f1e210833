/**
 * How the arguments of each system call are shown, a line for each: `NAMES: KIND… -> RESULT`.
 *
 * - A kind is a table of flags (`_flags.ts`) or of values (`_values.ts`), or a printer of `_kinds.ts`.
 * - `>kind` is written by the kernel: shown at exit, as an address when the call failed.
 * - `kind:N` refers to argument N, counted from 0 (its length, say); `kind:ret` to what the call returned.
 * - `-> kind` is how the result is shown, where a decimal number does not do.
 *
 * Calls that are missing here are shown with six raw words.
 */
export const CALLS = `
read: fd >buffer:ret size
write: fd buffer:2 size
pread64: fd >buffer:ret size off
pwrite64: fd buffer:2 size off
readv: fd >iovecs_in:2 ulong
writev: fd iovecs:2 ulong
preadv: fd >iovecs_in:2 ulong off
pwritev: fd iovecs:2 ulong off
preadv2: fd >iovecs_in:2 ulong off none rwf_flags
pwritev2: fd iovecs:2 ulong off none rwf_flags
open: path open_flags create_mode:1 -> fd
openat: dirfd path open_flags create_mode:2 -> fd
openat2: dirfd path open_how size -> fd
creat: path mode -> fd
close: fd
close_range: uint uint close_range_flags
stat lstat: path >stat
fstat: fd >stat
newfstatat: dirfd path >stat at_flags
statx: dirfd path statx_flags statx_mask >statx
statfs: path >statfs
fstatfs: fd >statfs
lseek: fd off whence
access: path access_mode
faccessat: dirfd path access_mode
faccessat2: dirfd path access_mode faccess_flags
truncate: path off
ftruncate: fd off
fallocate: fd fallocate_mode off off
fadvise64: fd off off fadvise
readahead: fd off size
fsync fdatasync syncfs fchdir: fd
sync_file_range: fd off off sync_range_flags
chdir rmdir unlink chroot acct swapoff uselib: path
mkdir chmod: path mode
mkdirat fchmodat: dirfd path mode
fchmodat2: dirfd path mode at_flags
fchmod: fd mode
mknod: path node_mode node_device:1
mknodat: dirfd path node_mode node_device:2
rename link symlink pivot_root: path path
renameat: dirfd path dirfd path
renameat2: dirfd path dirfd path rename_flags
linkat: dirfd path dirfd path at_flags
symlinkat: path dirfd path
unlinkat: dirfd path at_flags
readlink: path >buffer:ret size
readlinkat: dirfd path >buffer:ret size
chown lchown: path id id
fchown: fd id id
fchownat: dirfd path id id at_flags
umask: mode -> octal
getcwd: >path_text size
getdents: fd >entries32 uint
getdents64: fd >entries64 uint
utime: path utimbuf
utimes: path timevals
futimesat: dirfd path timevals
utimensat: dirfd path timespecs at_flags
setxattr lsetxattr: path string buffer:3 size xattr_flags
fsetxattr: fd string buffer:3 size xattr_flags
getxattr lgetxattr: path string >buffer:ret size
fgetxattr: fd string >buffer:ret size
listxattr llistxattr: path >buffer:ret size
flistxattr: fd >buffer:ret size
removexattr lremovexattr: path string
fremovexattr: fd string
mount: path path string mount_flags mount_data:3
umount2: path umount_flags
swapon: path swap_flags
dup: fd -> fd
dup2: fd fd_number -> fd
dup3: fd fd_number open_bits -> fd
fcntl: fd fcntl_cmd fcntl_argument:1 -> fcntl
flock: fd flock_op
ioctl: fd ioctl_request ioctl_argument:1
pipe: >fd_pair
pipe2: >fd_pair open_bits
eventfd: uint -> fd
eventfd2: uint eventfd_flags -> fd
signalfd: fd_number sigset:2 size -> fd
signalfd4: fd_number sigset:2 size signalfd_flags -> fd
memfd_create: string memory_flags -> fd
sendfile: fd fd offset size
copy_file_range: fd offset fd offset size raw
splice: fd offset fd offset size splice_flags
tee: fd fd size splice_flags
vmsplice: fd iovecs:2 ulong splice_flags
inotify_init: -> fd
inotify_init1: inotify_flags -> fd
inotify_add_watch: fd path inotify_mask
inotify_rm_watch: fd int
mmap: address size prot map_flags fd_number hex -> address
munmap: address size
mprotect: address size prot
pkey_mprotect: address size prot int
mremap: address size size mremap_flags mremap_address:3 -> address
msync: address size msync_flags
mincore: address size >resident:1
madvise: address size madvise
process_madvise: fd iovecs_raw:2 ulong madvise uint
mlock munlock: address size
mlock2: address size mlock2_flags
mlockall: mlockall_flags
brk: address -> address
pkey_alloc: raw pkey_access
pkey_free: int
shmget: key size shm_mode
shmat: int address shmat_flags -> address
shmdt: address
shmctl: int shm_cmd address
semget: key int ipc_mode
semop: int sembufs:2 uint
semtimedop: int sembufs:2 uint timespec
semctl: int int sem_cmd address
msgget: key ipc_mode
msgsnd: int address size ipc_flags
msgrcv: int address size long ipc_flags
msgctl: int msg_cmd address
select: int fd_set:0 fd_set:0 fd_set:0 timeval -> select
pselect6: int fd_set:0 fd_set:0 fd_set:0 timespec sigset_and_size -> select
poll: poll_fds:1 uint int -> poll
ppoll: poll_fds:1 uint timespec sigset:4 size -> poll
epoll_create: int -> fd
epoll_create1: epoll_create_flags -> fd
epoll_ctl: fd epoll_op fd epoll_event
epoll_wait: fd >epoll_found:ret int int
epoll_pwait: fd >epoll_found:ret int int sigset:5 size
epoll_pwait2: fd >epoll_found:ret int timespec sigset:5 size
socket: socket_domain socket_type socket_protocol:0 -> fd
socketpair: socket_domain socket_type socket_protocol:0 >fd_pair
connect bind: fd socket_address:2 int
listen: fd int
accept: fd >peer_address:2 address_length:2 -> fd
accept4: fd >peer_address:2 address_length:2 sock_type_flags -> fd
getsockname getpeername: fd >peer_address:2 address_length:2
sendto: fd buffer:2 size msg_flags socket_address:5 uint
recvfrom: fd >buffer:ret size msg_flags >peer_address:5 address_length:5
sendmsg: fd message msg_flags
recvmsg: fd message_in msg_flags
sendmmsg: fd messages_sent:2 uint msg_flags
recvmmsg: fd >messages_in:ret uint msg_flags timespec
shutdown: fd shutdown
setsockopt: fd sol socket_option:1 option_value:4 int
getsockopt: fd sol socket_option:1 >option_value_in:4 address_length:4
fork vfork getpid getppid gettid getpgrp setsid sched_yield pause sync vhangup munlockall rt_sigreturn restart_syscall:
getuid geteuid getgid getegid:
clone: clone_arguments
clone3: clone3_arguments size
execve: path arguments environment
execveat: dirfd path arguments environment at_flags
exit exit_group: int
wait4: int >wait_status wait_options >rusage
waitid: idtype int >siginfo wait_options >rusage
kill tkill: int signal
tgkill: int int signal
pidfd_open: int pidfd_flags -> fd
pidfd_getfd: fd int hex -> fd
pidfd_send_signal: fd signal siginfo hex
rt_sigaction: signal sigaction >sigaction size
rt_sigprocmask: sigmask_how sigset:3 >sigset:3 size
rt_sigpending: >sigset:1 size
rt_sigsuspend: sigset:1 size
rt_sigtimedwait: sigset:3 >siginfo timespec size -> signal_taken
rt_sigqueueinfo: int signal siginfo
rt_tgsigqueueinfo: int int signal siginfo
sigaltstack: signal_stack >signal_stack
set_tid_address: address
set_robust_list: address size
get_robust_list: int >pointer >ulong_in
futex: address futex_op futex_arguments
rseq: address hex rseq_flags hex
membarrier: membarrier_cmd membarrier_flags membarrier_cpu:1 -> membarrier
unshare: clone_flags
setns: fd namespaces
prctl: prctl_option prctl_arguments:0 -> prctl
arch_prctl: arch_prctl arch_prctl_argument:0
seccomp: seccomp_op seccomp_filter_flags seccomp_argument
ptrace: ptrace_request int ptrace_address ptrace_data
process_vm_readv: int >iovecs_in:2 ulong iovecs_raw:4 ulong ulong
process_vm_writev: int iovecs:2 ulong iovecs_raw:4 ulong ulong
kcmp: int int kcmp_type kcmp_index:2 kcmp_index:2
setuid setgid setfsuid setfsgid: id
setreuid setregid: id id
setresuid setresgid: id id id
getresuid getresgid: >id_in >id_in >id_in
getgroups: int >ids:ret
setgroups: int ids:0
getpgid getsid: int
setpgid: int int
getrlimit: rlimit_resource >rlimit
setrlimit: rlimit_resource rlimit
prlimit64: int rlimit_resource rlimit >rlimit
getrusage: rusage_who >rusage
getpriority: prio_which int
setpriority: prio_which int int
sched_setparam: int sched_param
sched_getparam: int >sched_param
sched_setscheduler: int sched_policy sched_param
sched_getscheduler: int -> sched_policy
sched_get_priority_max sched_get_priority_min: sched_policy
sched_rr_get_interval: int >timespec
sched_setaffinity: int size cpu_set:1
sched_getaffinity: int size >cpu_set:ret
getcpu: >uint_in >uint_in raw
nanosleep: timespec time_left
clock_nanosleep: clock timer_flags timespec time_left
clock_gettime clock_getres: clock >timespec
clock_settime: clock timespec
gettimeofday: >timeval >timezone
settimeofday: timeval timezone
time: >long_in
times: >tms
alarm: uint
getitimer: itimer >itimerval
setitimer: itimer itimerval >itimerval
timer_create: clock sigevent >timer_id
timer_settime: int timer_flags itimerspec >itimerspec
timer_gettime: int >itimerspec
timer_getoverrun timer_delete: int
timerfd_create: clock timerfd_flags -> fd
timerfd_settime: fd timerfd_flags itimerspec >itimerspec
timerfd_gettime: fd >itimerspec
uname: >utsname
sysinfo: >sysinfo
syslog: log_action log_buffer:0 log_size:0
sethostname setdomainname: buffer:1 size
getrandom: >random:ret size getrandom_flags
bpf: bpf_cmd address uint
perf_event_open: perf_attributes int int fd_number perf_flags -> fd
io_uring_setup: uint uring_parameters -> fd
io_uring_enter: fd uint uint uring_enter_flags address size
io_uring_register: fd uring_register address uint
userfaultfd: userfault_flags -> fd
finit_module: fd string module_flags
delete_module: string open_bits
name_to_handle_at: dirfd path address address name_to_handle_flags
uprobe uretprobe:
adjtimex io_destroy iopl memfd_secret mq_unlink set_thread_area get_thread_area personality: raw
capget capset clock_adjtime fanotify_init fsopen io_setup ioprio_get landlock_restrict_self mq_notify process_mrelease: raw raw
ustat: raw raw
fsmount fspick io_cancel io_submit ioperm ioprio_set landlock_create_ruleset lsm_list_modules modify_ldt mq_getsetattr: raw raw raw
mseal open_by_handle_at open_tree sched_setattr set_mempolicy sysfs init_module lookup_dcookie nfsservctl: raw raw raw
cachestat futex_requeue futex_wake landlock_add_rule listmount lsm_get_self_attr lsm_set_self_attr: raw raw raw raw
migrate_pages mq_open quotactl quotactl_fd reboot removexattrat request_key sched_getattr: raw raw raw raw
set_mempolicy_home_node statmount kexec_load: raw raw raw raw
map_shadow_stack: raw raw raw
futex_wait getxattrat io_pgetevents mbind move_pages setxattrat: raw raw raw raw raw raw
add_key fanotify_mark file_getattr file_setattr fsconfig futex_waitv get_mempolicy io_getevents keyctl: raw raw raw raw raw
listxattrat mount_setattr move_mount mq_timedreceive mq_timedsend open_tree_attr: raw raw raw raw raw
remap_file_pages kexec_file_load: raw raw raw raw raw
`;
