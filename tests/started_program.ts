/** A program that a test talks with over its standard input and output. */
export interface StartedProgram extends AsyncDisposable {
  readonly pid: number;
  say(text: string): Promise<void>;
  /** What it has said from the last time until the pattern. @throws {Error} when it ends before */
  heard(pattern: RegExp): Promise<string>;
}

/** Starts one; at the end of the block its input is closed, and it is waited for. */
export function startedProgram(path: string, args: readonly string[]): StartedProgram {
  const child = new Deno.Command(path, { args: [...args], stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    pid: child.pid,
    say: (line) => writer.write(new TextEncoder().encode(line)),
    async heard(pattern) {
      for (;;) {
        const found = pattern.exec(text);
        if (found) {
          const end = found.index + found[0].length;
          const heard = text.slice(0, end);
          text = text.slice(end);
          return heard;
        }
        const { value, done } = await reader.read();
        if (done) throw new Error(`${path} ended; it has said: ${text}`);
        text += value;
      }
    },
    async [Symbol.asyncDispose]() {
      await writer.close().catch(() => {});
      await reader.cancel();
      await child.status;
    },
  };
}
