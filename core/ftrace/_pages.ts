import type { PageFormat } from "./page_format.ts";

/** That of every kernel we have seen, with a small page. For tests. */
export const FORMAT: PageFormat = {
  timestampOffset: 0,
  commitOffset: 8,
  commitSize: 8,
  dataOffset: 16,
  pageSize: 256,
};

/** Something in a page: 32-bit words, the head first. */
export type Words = readonly number[];

/** The head of an event. */
export function head(kind: number, delta = 0): number {
  return ((delta << 5) | kind) >>> 0;
}

/** A page of what is given, as the kernel would write it. */
export function pageOf(timeNs: bigint, things: readonly Words[], flags = 0, behind: bigint | null = null): DataView {
  const page = new DataView(new ArrayBuffer(FORMAT.pageSize));
  page.setBigUint64(0, timeNs, true);
  const words = things.flat();
  page.setUint32(8, (words.length * 4 | flags) >>> 0, true);
  words.forEach((word, i) => page.setUint32(16 + i * 4, word, true));
  if (behind !== null) page.setBigUint64(16 + words.length * 4, behind, true);
  return page;
}
