/** What the line before a sample's frames says, as far as it was printed. */
export interface PerfScriptHeader {
  readonly labels: Readonly<Record<string, string>>;
  /** `SECONDS.FRACTION`; empty when it was not printed. */
  readonly time: string;
  readonly period: number | null;
  /** Empty when it was not printed. */
  readonly event: string;
  /** What follows the event: a frame, or what a tracepoint tells. */
  readonly rest: string;
}

/**
 * A header without a time, as `-F comm,tid,event,…` prints it: `COMM PID/TID [CPU] PERIOD EVENT: …`.
 *
 * @param bare whether one that does not tell its event counts as well: more than a guess only where a header must stand
 */
export function parseTimelessHeader(text: string, bare: boolean): PerfScriptHeader | null {
  if (text.length > MAX_HEADER) return null;
  const m = WITH_EVENT.exec(text);
  const labels = headerLabels(m ? m[1] : bare ? text : "");
  if (!labels) return null;
  if (!m) return { labels, time: "", period: null, event: "", rest: "" };
  return { labels, time: "", period: m[2] === undefined ? null : Number(m[2]), event: m[3], rest: m[4] };
}

/**
 * The labels that the beginning of a header tells: `COMM PID/TID [CPU]`. A name may hold spaces, colons and digits:
 * what follows it decides where it ends. Null when it is no such beginning.
 */
export function headerLabels(text: string): Readonly<Record<string, string>> | null {
  const m = text.length > MAX_HEADER ? null : LABELS.exec(text.trim());
  if (!m) return null;
  const [, comm, first, second, cpu] = m;
  const labels: Record<string, string> = {};
  if (second !== undefined) labels.pid = first;
  if (comm !== undefined) labels.comm = comm;
  if (second === undefined) labels.tid = first;
  else if (second !== first) labels.tid = second;
  if (cpu !== undefined) labels.cpu = String(Number(cpu));
  return labels;
}

/** The kernel's names of threads have 15 bytes at most, those of events may be longer. The patterns take time by the square. */
const MAX_HEADER = 1024;
const LABELS = /^(?:(\S.*?)\s+)?(-?\d+)(?:\/(-?\d+))?(?:\s+\[(\d+)\])?(?:\s+[A-Z]{1,4})?$/;
const WITH_EVENT = /^\s*(\S.*?\s-?\d+(?:\/-?\d+)?(?:\s+\[\d+\])?)\s+(?:(\d+)\s+)?([^\s;]+?):(?=\s|$)(.*)$/;
