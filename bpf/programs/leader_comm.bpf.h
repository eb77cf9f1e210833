/*
 * The name of the current process: that of its group's leader, since threads have names of their own. Include it behind
 * "core.bpf.h".
 */
#pragma once

#define TASK_COMM_LEN 16

struct task_struct___leader {
	struct task_struct___leader *group_leader;
	char comm[TASK_COMM_LEN];
} KERNEL;

/* @param to TASK_COMM_LEN bytes */
static __always_inline void leader_comm(char *to)
{
	struct task_struct___leader *task = (void *)bpf_get_current_task(), *leader = BPF_CORE_READ(task, group_leader);

	bpf_probe_read_kernel_str(to, TASK_COMM_LEN, &leader->comm);
}
