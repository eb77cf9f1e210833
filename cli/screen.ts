import { print } from "./output.ts";

/** The whole terminal, drawn again and again. What was on it before comes back at the end. */
export interface Screen {
  /** Lines that there is room for. */
  rows(): number;
  /** Replaces what is shown, in one write. Lines that are too wide or too many are cut off by the terminal. */
  draw(text: string): void;
  [Symbol.dispose](): void;
}

const OPEN = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J";
const CLOSE = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/** Takes the terminal on standard output. It is given back also when the process is made to exit. */
export function openScreen(): Screen {
  let open = true;
  const close = (): void => {
    if (open) print(CLOSE);
    open = false;
  };
  globalThis.addEventListener("unload", close);
  print(OPEN);
  return {
    rows(): number {
      try {
        return Math.max(5, Deno.consoleSize().rows);
      } catch {
        // Some terminals do not tell their size.
        return 24;
      }
    },
    draw(text): void {
      // Nothing is wiped before its place is written: that would flicker.
      print(`\x1b[H${text.split("\n").map((line) => line + "\x1b[K").join("\n")}\x1b[J`);
    },
    [Symbol.dispose](): void {
      globalThis.removeEventListener("unload", close);
      close();
    },
  };
}
