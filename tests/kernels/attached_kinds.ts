/** What `attach_type` of a tracing link is (include/uapi/linux/bpf.h, enum bpf_attach_type). */
const TRACING: Readonly<Record<string, string>> = { "23": "tp_btf", "24": "fentry", "25": "fexit" };

/**
 * What this process is attached to at this moment by BPF links, as the kernel tells (`/proc/self/fdinfo`): `raw_tracepoint`,
 * `tp_btf`, `fentry`, `perf_event` (tracepoints, kprobes and uprobes one by one), `uprobe_multi`; each kind once.
 */
export function attachedKinds(): string[] {
  const kinds = new Set<string>();
  for (const { name } of Deno.readDirSync("/proc/self/fdinfo")) {
    const text = readOrEmpty(`/proc/self/fdinfo/${name}`);
    const type = /^link_type:\s*(\S+)/m.exec(text)?.[1];
    if (type === undefined) continue;
    const attach = /^attach_type:\s*(\d+)/m.exec(text)?.[1] ?? "";
    kinds.add(type === "tracing" ? TRACING[attach] ?? type : type);
  }
  return [...kinds].sort();
}

function readOrEmpty(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    // It was closed meanwhile.
    return "";
  }
}
