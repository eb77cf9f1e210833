const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;

/** What a run of the command line gave. */
export interface SondeRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `sonde` with these arguments, as it is in this tree, in a directory that may be written to. */
export async function runSonde(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<SondeRun> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", MAIN, ...args],
    cwd,
    env,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
