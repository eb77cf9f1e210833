import { UnsupportedError } from "../core/data/mod.ts";

const encoder = new TextEncoder();

/** Whether whoever read our standard output has gone away (`sonde … | head`). */
export function outputGone(): boolean {
  return gone;
}

let gone = false;
let sink: ((text: string) => void) | null = null;

/**
 * What a body prints, as a text instead of on standard output. Warnings come along where they would stand among it: on a
 * terminal.
 *
 * @returns the text, and what the body threw, if it did
 */
export async function collected(
  body: () => Promise<void>,
): Promise<{ readonly text: string; readonly error?: unknown }> {
  let text = "";
  const before = sink;
  sink = (part) => text += part;
  try {
    await body();
    return { text };
  } catch (error) {
    return { text, error };
  } finally {
    sink = before;
  }
}

/**
 * Writes all of a text to standard output. Once its reader has gone away nothing is written any more, but all else goes on:
 * files that were asked for, the exit code.
 *
 * @throws {UnsupportedError} when it cannot be written (a full disk)
 */
export function print(text: string): void {
  if (sink) return sink(text);
  printBytes(encoder.encode(text));
}

/**
 * Writes bytes to standard output: what {@link print} does, for files that are no text.
 *
 * @throws {UnsupportedError} when they cannot be written (a full disk)
 */
export function printBytes(bytes: Uint8Array): void {
  if (gone) return;
  try {
    writeAll(Deno.stdout, bytes);
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) {
      const why = error instanceof Error ? error.message : String(error);
      throw new UnsupportedError(`Cannot write standard output: ${why}`, "Make room, or send it elsewhere");
    }
    gone = true;
  }
}

/** Writes a line to standard error. */
export function warn(text: string): void {
  const line = text.endsWith("\n") ? text : text + "\n";
  if (sink && Deno.stderr.isTerminal()) return sink(line);
  try {
    writeAll(Deno.stderr, encoder.encode(line));
  } catch {
    // There is nowhere left to say it, and what is said here never decides how a command ends.
  }
}

function writeAll(to: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(to.writeSync(bytes));
    } catch (error) {
      // A pipe that somebody set to non-blocking is full: its reader will make room.
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(PAUSE, 0, 0, 1);
    }
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes a file whole or not at all: into a new file beside it, which then takes its place. Terminals, pipes and devices
 * such as /dev/full are written to directly; block devices never.
 *
 * @param mode permissions of a file that was not there before, less the umask; 0o600 for what holds other users' data
 * @throws {UnsupportedError} when the disk is full or the place cannot be written; the message names the file
 */
export function writeFile(path: string, content: string | Uint8Array, mode = 0o666): void {
  const bytes = typeof content === "string" ? encoder.encode(content) : content;
  try {
    const there = statOrNull(path);
    if (there?.isBlockDevice) throw new Error("it is a block device");
    if (there?.isCharDevice || there?.isFifo || there?.isSocket) {
      using file = Deno.openSync(path, { write: true });
      writeWhole(file, bytes);
      return;
    }
    const temporary = `${folderOf(path)}/.sonde-${crypto.randomUUID()}`;
    // New, and written through this descriptor only: nobody who owns the folder can put a link in its place.
    const file = Deno.openSync(temporary, {
      write: true,
      createNew: true,
      mode: there?.mode ? there.mode & 0o777 : mode,
    });
    try {
      using _ = file;
      writeWhole(file, bytes);
      Deno.renameSync(temporary, path);
    } catch (error) {
      Deno.removeSync(temporary);
      throw error;
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UnsupportedError(`Cannot write "${path}": ${why}`, "Make room, or choose another place");
  }
}

function writeWhole(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

function statOrNull(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The folder a file lies in. (node:path costs every start some milliseconds.) */
function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}

/** Whether to colour: a terminal, and nobody said no (no-color.org). */
export function wantsColor(): boolean {
  return Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR") && Deno.env.get("TERM") !== "dumb";
}

/** Width of the terminal, or 100 where output is none. */
export function terminalWidth(): number {
  if (!Deno.stdout.isTerminal()) return 100;
  try {
    return Math.max(40, Deno.consoleSize().columns);
  } catch {
    // Some terminals do not tell their size.
    return 80;
  }
}
