/** Rooms whose code decides what a plan is. */
const ROOMS = [
  ...["bpf", "bpf/asm", "bpf/btf", "bpf/codegen", "bpf/kernel", "bpf/probes", "cli"],
  ...["core/data", "core/host", "core/host/tracefs", "core/plugin_api", "core/query", "core/query/aggregates"],
  ...["dsl", "dsl/run", "plugins", "plugins/processes"],
];

/**
 * Tells one state of the source from another, where there is source that may be changed: in a checkout. What was
 * installed or packed has its version. Some 1 ms.
 */
export function sourceStamp(): string {
  const root = new URL("../", import.meta.url);
  if (root.protocol !== "file:" || !exists(new URL(".git", root))) return "";
  let newest = 0, files = 0;
  for (const room of ROOMS) {
    for (const entry of Deno.readDirSync(new URL(room, root))) {
      if (!entry.isFile) continue;
      files++;
      newest = Math.max(newest, Deno.statSync(new URL(`${room}/${entry.name}`, root)).mtime?.getTime() ?? 0);
    }
  }
  return `${files} ${newest}`;
}

function exists(url: URL): boolean {
  try {
    Deno.statSync(url);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
