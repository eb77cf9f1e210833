/** Reads small files of the kernel under one root prefix, into one buffer that is used again and again. */
export interface Reader {
  readonly root: string;
  /** Whether this is the running machine and not a recorded tree. */
  readonly live: boolean;
  /** Holds the bytes of the last {@linkcode Reader.bytes}. A larger file replaces it: take it after the call. */
  readonly buffer: Uint8Array<ArrayBuffer>;
  /** The path under the root: `at("/proc/stat")`. */
  at(path: string): string;
  /**
   * Reads a whole file into {@linkcode Reader.buffer} and answers its length, or -1 when it cannot be read (not there,
   * not permitted, the process is gone, not supported).
   *
   * @param once the kernel gives the file in one piece (`single_open`): saves the read that would meet the end
   */
  bytes(path: string, once?: boolean): number;
  /** The file as text, or null when it cannot be read. Bytes that are not UTF-8 become U+FFFD. */
  text(path: string, once?: boolean): string | null;
  /** The file's text without white space around it; null when it cannot be read or is empty. */
  word(path: string): string | null;
  /** A file that holds one number, or null. */
  number(path: string): number | null;
  /** Names in a directory; empty when it cannot be read. */
  list(path: string): string[];
  /** Names of the directories in a directory. Nearly free for a directory without any. */
  directories(path: string): string[];
  exists(path: string): boolean;
  /** Number of hard links: of a directory in procfs, sysfs or cgroupfs its sub-directories and 2; -1 when not there. */
  links(path: string): number;
}

/** No file of the kernel that is read whole is larger; a recorded tree may hold anything. */
const MAX_BYTES = 64 << 20;

/** @param root directory that stands for `/` */
export function openReader(root: string): Reader {
  const prefix = root.replace(/\/+$/, "");
  const decoder = new TextDecoder();
  let buffer = new Uint8Array(16384);

  /** Names out of the tree's own files become parts of paths: they must not lead out of it. */
  const astray = (path: string): boolean => path.includes("\0") || path.includes("/../") || path.endsWith("/..");

  const bytes = (path: string, once = false): number => {
    if (astray(path)) return -1;
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(prefix + path);
    } catch (e) {
      return unreadable(e);
    }
    try {
      let length = 0;
      for (;;) {
        const n = file.readSync(length === 0 ? buffer : buffer.subarray(length));
        if (n === null) return length;
        length += n;
        if (length < buffer.length) {
          if (once) return length;
          continue;
        }
        if (length >= MAX_BYTES) return length;
        const larger = new Uint8Array(buffer.length * 2);
        larger.set(buffer);
        buffer = larger;
      }
    } catch (e) {
      return unreadable(e);
    } finally {
      file.close();
    }
  };
  const text = (path: string, once = false): string | null => {
    const n = bytes(path, once);
    return n < 0 ? null : decoder.decode(buffer.subarray(0, n));
  };
  const links = (path: string): number => {
    if (astray(path)) return -1;
    try {
      return Deno.statSync(prefix + path).nlink ?? 1;
    } catch (e) {
      return unreadable(e);
    }
  };
  const word = (path: string): string | null => text(path, true)?.trim() || null;
  return {
    root,
    live: prefix === "",
    get buffer() {
      return buffer;
    },
    at: (path) => prefix + path,
    bytes,
    text,
    word,
    number: (path) => {
      const w = word(path);
      return w === null || !/^-?\d+$/.test(w) ? null : Number(w);
    },
    list: (path) => {
      if (astray(path)) return [];
      try {
        return Array.from(Deno.readDirSync(prefix + path), (e) => e.name);
      } catch (e) {
        unreadable(e);
        return [];
      }
    },
    directories: (path) => {
      // Others than the kernel's file systems and ext4 may say 1, which tells nothing.
      const count = links(path);
      if (count === 2 || count < 0) return [];
      try {
        return Array.from(Deno.readDirSync(prefix + path)).filter((e) => e.isDirectory).map((e) => e.name);
      } catch (e) {
        unreadable(e);
        return [];
      }
    },
    exists: (path) => links(path) >= 0,
    links,
  };
}

/**
 * Answers -1 for what the system refused, whatever the errno: a missing file, a process that died (ESRCH), a feature
 * that is off (EOPNOTSUPP), a right that lacks (EACCES) are all "no data". Throws on the rest: Deno run without
 * permissions, or a mistake of ours.
 */
function unreadable(e: unknown): -1 {
  if (e instanceof Deno.errors.NotCapable) throw e;
  if (e instanceof Error && /\(os error \d+\)/.test(e.message)) return -1;
  throw e;
}
