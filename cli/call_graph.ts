import type { GraphCall } from "../core/ftrace/mod.ts";
import { formatDuration } from "../core/render/format_value.ts";
import { escapeText } from "../core/render/escape.ts";

/** Prints calls as they happen, in the manner of the kernel's own function_graph. */
export interface CallGraphPrinter {
  call(call: GraphCall): void;
  /** Prints what is still waited for. */
  end(): void;
}

/** A call deeper than this is indented no further. */
const MAX_INDENT = 60;

/**
 * A call without callees is one line, `vfs_read();`; one with callees an opening and a closing line. The duration stands at
 * the end of a call.
 *
 * @param name of a function by its address
 * @param comm of a thread
 */
export function callGraphPrinter(
  name: (address: number) => string,
  comm: (tid: number) => string,
  print: (line: string) => void,
): CallGraphPrinter {
  // An entry waits for the next event of its thread: only that tells whether it is a leaf.
  const waiting = new Map<number, GraphCall>();
  const line = (c: GraphCall, duration: string, text: string): void => {
    const indent = "  ".repeat(Math.min(MAX_INDENT, Math.max(0, c.depth)));
    const task = escapeText(`${comm(c.tid)}-${c.tid}`).slice(0, 22);
    print(`${String(c.cpu).padStart(3)})  ${task.padEnd(22)} ${duration.padStart(10)} |  ${indent}${text}\n`);
  };
  const keyOf = (c: GraphCall): number => c.tid === 0 ? -1 - c.cpu : c.tid;
  const open = (c: GraphCall): void => line(c, "", `${escapeText(name(c.address))}() {`);
  return {
    call(c): void {
      const key = keyOf(c);
      const before = waiting.get(key);
      waiting.delete(key);
      if (c.kind === "entry") {
        if (before) open(before);
        waiting.set(key, c);
        return;
      }
      const duration = formatDuration(c.durationNs);
      if (before && before.address === c.address && before.depth === c.depth) {
        line(c, duration, `${escapeText(name(c.address))}();`);
      } else {
        if (before) open(before);
        line(c, duration, `} ${escapeText(`/* ${name(c.address)} */`)}`);
      }
    },
    end(): void {
      for (const c of waiting.values()) open(c);
      waiting.clear();
    },
  };
}
