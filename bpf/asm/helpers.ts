/** Numbers of the kernel's helper functions that we call (include/uapi/linux/bpf.h, `___BPF_FUNC_MAPPER`). */
export const HELPER = {
  map_lookup_elem: 1,
  map_update_elem: 2,
  map_delete_elem: 3,
  ktime_get_ns: 5,
  get_prandom_u32: 7,
  get_smp_processor_id: 8,
  get_current_pid_tgid: 14,
  get_current_uid_gid: 15,
  get_current_comm: 16,
  perf_event_output: 25,
  get_stackid: 27,
  get_current_task: 35,
  get_stack: 67,
  get_current_cgroup_id: 80,
  probe_read_user: 112,
  probe_read_kernel: 113,
  probe_read_user_str: 114,
  probe_read_kernel_str: 115,
  get_ns_current_pid_tgid: 120,
  get_current_ancestor_cgroup_id: 123,
  ringbuf_output: 130,
  ringbuf_reserve: 131,
  ringbuf_submit: 132,
  get_attach_cookie: 174,
} as const;

const NAMES = new Map<number, string>(Object.entries(HELPER).map(([name, number]) => [number, name]));

/** `bpf_ktime_get_ns` for 5; `helper#200` for one that we do not call ourselves. */
export function helperName(number: number): string {
  const name = NAMES.get(number);
  return name ? `bpf_${name}` : `helper#${number}`;
}
