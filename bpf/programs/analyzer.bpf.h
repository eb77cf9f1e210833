/*
 * What the analyzers share: which process they look at. Include it behind "core.bpf.h".
 */
#pragma once

/* Only this process, in Sonde's own pid namespace; 0 is all but Sonde's own (`own_pid`). */
const volatile __u32 only_pid = 0;
const volatile __u32 own_pid = 0;
/* Sonde's pid namespace: device and inode of /proc/self/ns/pid. An inode of 0: it is the initial one. */
const volatile __u64 ns_dev = 0;
const volatile __u64 ns_ino = 0;

/* include/uapi/linux/bpf.h */
struct bpf_pidns_info {
	__u32 pid;
	__u32 tgid;
};

/* The current task in Sonde's namespace. @returns false when it is not in it. */
static __always_inline bool current_ids(__u32 *pid, __u32 *tid)
{
	if (!ns_ino) {
		__u64 id = bpf_get_current_pid_tgid();

		*pid = id >> 32;
		*tid = (__u32)id;
		return true;
	}
	struct bpf_pidns_info info = {};

	/* Since Linux 5.7. */
	if (bpf_get_ns_current_pid_tgid(ns_dev, ns_ino, &info, sizeof(info)))
		return false;
	*pid = info.tgid;
	*tid = info.pid;
	return true;
}

/* Whether a process is one that is looked at. */
static __always_inline bool wanted_pid(__u32 pid)
{
	return only_pid ? pid == only_pid : pid != own_pid;
}

/* Whether the current task is; its numbers where it is. Not for what the idle task (pid 0) does for others. */
static __always_inline bool wanted_current(__u32 *pid, __u32 *tid)
{
	return current_ids(pid, tid) && wanted_pid(*pid);
}
