import type { ByteSource } from "./byte_source.ts";
import type { RegularFile } from "./regular_file.ts";

/**
 * Files that are read again and again over a long time without being held open: each reading opens them anew and makes
 * sure that they are still what they were. So no descriptor has to be owned by what keeps symbols.
 */
export interface ReopenedFiles {
  /**
   * @param open finds the file, now and later
   * @returns null when it cannot be opened now
   */
  add(open: () => RegularFile | null): ByteSource | null;
  /** Files opened while `work` runs stay open until it is done. */
  during<T>(work: () => T): T;
}

export function reopenedFiles(): ReopenedFiles {
  const opened: (() => void)[] = [];
  let depth = 0;
  return {
    add: (open) => {
      let size: number;
      let identity: string;
      {
        using file = open();
        if (!file) return null;
        size = file.size;
        identity = identityOf(file);
      }
      let current: RegularFile | null = null;
      const close = (): void => {
        current?.[Symbol.dispose]();
        current = null;
      };
      return {
        size,
        read: (offset, length) => {
          if (!current) {
            current = open();
            if (current) opened.push(close);
            if (current && identityOf(current) !== identity) close();
          }
          const bytes = current?.read(offset, length) ?? null;
          if (depth === 0) closeAll(opened);
          return bytes;
        },
      };
    },
    during: (work) => {
      depth++;
      try {
        return work();
      } finally {
        if (--depth === 0) closeAll(opened);
      }
    },
  };
}

function closeAll(opened: (() => void)[]): void {
  for (let close = opened.pop(); close; close = opened.pop()) close();
}

function identityOf(file: RegularFile): string {
  return `${file.major}:${file.minor}:${file.inode}:${file.size}:${file.modified}`;
}
