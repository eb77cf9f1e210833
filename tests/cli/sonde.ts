import { fileURLToPath } from "node:url";

/** The launcher, as a user starts it. */
export const SONDE = fileURLToPath(new URL("../../sonde", import.meta.url));

/** What a run left behind. */
export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs sonde to its end. */
export async function sonde(args: readonly string[], options: Partial<Deno.CommandOptions> = {}): Promise<Run> {
  return await command(SONDE, args, options);
}

/** Runs any command to its end. */
export async function command(
  path: string,
  args: readonly string[],
  options: Partial<Deno.CommandOptions> = {},
): Promise<Run> {
  const { code, stdout, stderr } = await new Deno.Command(path, {
    stdin: "null",
    ...options,
    args: [...args],
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", ...options.env },
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** A command that runs until it is disposed: killed, and waited for. */
export async function background(
  path: string,
  args: readonly string[],
): Promise<{ readonly pid: number; [Symbol.asyncDispose](): Promise<void> }> {
  const child = new Deno.Command(path, { args: [...args], stdin: "null", stdout: "piped", stderr: "inherit" }).spawn();
  // Such commands print a line when they are ready.
  const reader = child.stdout.getReader();
  await reader.read();
  return {
    pid: child.pid,
    async [Symbol.asyncDispose](): Promise<void> {
      try {
        child.kill("SIGKILL");
      } catch (error) {
        // It ended by itself.
        if (!(error instanceof TypeError)) throw error;
      }
      reader.releaseLock();
      await child.stdout.cancel();
      await child.status;
    },
  };
}
