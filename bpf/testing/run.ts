/** Running other programs in tests. */
/** What a program printed; null when it is not installed. */
export async function output(
  command: string,
  args: readonly string[],
): Promise<{ readonly out: string; readonly err: string; readonly code: number } | null> {
  try {
    const o = await new Deno.Command(command, { args: [...args], stdout: "piped", stderr: "piped" }).output();
    const text = (b: Uint8Array): string => new TextDecoder().decode(b);
    return { out: text(o.stdout), err: text(o.stderr), code: o.code };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** A BPF object in the kernel by its kind and number, as bpftool wants them: `["map", "12"]`. */
export type ObjectId = readonly [kind: "map" | "prog" | "link", id: string];

/** Whether bpftool finds an object; null when it is not installed. */
export async function isInKernel([kind, id]: ObjectId): Promise<boolean | null> {
  const found = await output("bpftool", [kind, "show", "id", id]);
  return found && found.code === 0;
}
