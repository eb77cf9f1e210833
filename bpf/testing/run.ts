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

/** Whether bpftool sees anything of ours in the kernel: `[programs, maps]` by name. */
export async function ours(): Promise<string[]> {
  const lists = await Promise.all(["prog", "map"].map((what) => output("bpftool", ["-j", what, "show"])));
  return lists.flatMap((l) =>
    l === null ? [] : (JSON.parse(l.out) as { name?: string; pids?: { pid: number }[] }[])
      .filter((o) => o.name?.startsWith("sonde_") && o.pids?.some((p) => p.pid === Deno.pid))
      .map((o) => o.name!)
  );
}
