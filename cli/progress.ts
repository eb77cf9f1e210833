/** A line of progress on standard error that redraws itself; silent where that is no terminal. */
export interface Progress {
  show(text: string): void;
  /** Wipes the line: call it before anything else is written. */
  clear(): void;
}

/** Progress that nobody sees. */
export const SILENT: Progress = { show() {}, clear() {} };

/** Progress for this terminal. */
export function terminalProgress(): Progress {
  if (!Deno.stderr.isTerminal()) return SILENT;
  const encoder = new TextEncoder();
  const write = (text: string): void => void Deno.stderr.writeSync(encoder.encode(text));
  let shown = false;
  return {
    show(text) {
      // Progress texts are ours, but may quote names from the machine: keep them on one plain line.
      // deno-lint-ignore no-control-regex
      write(`\r\x1b[2K\x1b[2m${text.replace(/[\x00-\x1f\x7f-\x9f]/g, " ").slice(0, 100)}\x1b[0m`);
      shown = true;
    },
    clear() {
      if (shown) write("\r\x1b[2K");
      shown = false;
    },
  };
}
