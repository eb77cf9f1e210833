import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { UnsupportedError } from "../core/data/mod.ts";

/**
 * Gives a file that is there another content, whole or not at all: mode and owner stay, and where the path is a link, what
 * it points to is replaced. (`writeFile` is for results; a file that people wrote deserves the sync and the owner.)
 *
 * @throws {UnsupportedError} when the disk is full or the place cannot be written; the file is as it was
 */
export function replaceFile(path: string, content: string): void {
  try {
    const target = Deno.realPathSync(path);
    // Whoever may not write the file may not replace it either, though the folder would let them.
    Deno.openSync(target, { write: true }).close();
    const there = statSync(target);
    const temporary = `${target.slice(0, target.lastIndexOf("/"))}/.sonde-${crypto.randomUUID()}`;
    // All through the descriptor: a link that somebody puts in its place changes nothing.
    const file = openSync(temporary, "wx", 0o600);
    try {
      try {
        const bytes = new TextEncoder().encode(content);
        for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
        keepOwner(file, there);
        fchmodSync(file, there.mode & 0o7777);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, target);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UnsupportedError(`Cannot write "${path}": ${why}`, "Make room, or change its permissions");
  }
}

function keepOwner(file: number, there: { readonly uid: number; readonly gid: number }): void {
  try {
    fchownSync(file, there.uid, there.gid);
  } catch (error) {
    // Only root gives files away; others' files that we may write become ours.
    if ((error as { code?: string }).code !== "EPERM") throw error;
  }
}
