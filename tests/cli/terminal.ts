import { SONDE } from "./sonde.ts";

/** Sonde on a terminal of its own. */
export interface Terminal {
  /** Waits until what was written so far matches; answers all of it. */
  until(pattern: RegExp): Promise<string>;
  /** Types on the terminal: `\x03` is Ctrl-C. */
  type(text: string): Promise<void>;
  /** Waits for the end. */
  ended(): Promise<{ readonly code: number; readonly out: string }>;
}

/** Python's pty: what is typed comes on standard input, the terminal's output goes to standard output. */
const PTY = `
import fcntl, os, pty, select, struct, sys, termios
rows, columns, argv = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
pid, master = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execv(argv[0], argv)
typing = True
while True:
    ready, _, _ = select.select([master] + ([0] if typing else []), [], [])
    if 0 in ready:
        data = os.read(0, 4096)
        typing = len(data) > 0
        os.write(master, data)
    if master in ready:
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        if not data: break
        os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
`;

/** Starts sonde on a terminal of this size; null where there is no Python to make one. */
export function onTerminal(args: readonly string[], rows = 24, columns = 100): Terminal | null {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("python3", {
      args: ["-c", PTY, String(rows), String(columns), SONDE, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      env: { TERM: "xterm-256color" },
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const writer = child.stdin.getWriter();
  let out = "";
  return {
    async until(pattern): Promise<string> {
      while (!pattern.test(out)) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`It ended before ${pattern}:\n${out}`);
        out += value;
      }
      return out;
    },
    type: (text) => writer.write(new TextEncoder().encode(text)),
    async ended(): Promise<{ code: number; out: string }> {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        out += value;
      }
      await writer.close().catch(() => {}); // Python has ended
      const { code } = await child.status;
      return { code, out };
    },
  };
}
