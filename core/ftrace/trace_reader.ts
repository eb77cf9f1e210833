import { ERRNO, type Fd, O, open, read, SysError } from "../sys/mod.ts";
import { type BufferStats, parseBufferStats } from "./buffer_stats.ts";
import { readControl, readControlOrNull } from "./control_file.ts";
import { decodePage, filledBytes, type PageSink } from "./decode_page.ts";
import { knowsEventHeads, type PageFormat, parsePageFormat } from "./page_format.ts";
import { TraceDataError } from "./trace_data_error.ts";

/**
 * Takes an event.
 *
 * @param page in which its record lies
 * @param at of the record, in bytes
 * @param length of the record, in bytes
 * @param timeNs in the buffer's clock, less {@linkcode TraceReader.originNs}
 */
export type TraceSink = (page: DataView, at: number, length: number, timeNs: number, cpu: number) => void;

/** The buffers of all CPUs of an instance. */
export interface TraceReader extends Disposable {
  /** What times are counted from: the first page's. */
  readonly originNs: bigint;
  /**
   * Reads what there is, and hands on in the order of time what can have nothing older behind it any more.
   *
   * @param all hands on everything: nothing is written any more
   * @returns number of events handed on
   */
  drain(sink: TraceSink, all?: boolean): number;
  /** Counts of all CPUs together. */
  stats(): BufferStats;
  /** Pages that could not be read, as their bytes were not what they should be; what each lost is not known. */
  readonly broken: number;
}

/** Events of one CPU that wait for those of others. */
interface Queue {
  readonly cpu: number;
  readonly fd: Fd;
  pages: DataView[];
  /** For each event: its page, place, length and time. */
  pageOf: number[];
  ats: number[];
  lengths: number[];
  times: number[];
  /** The first that waits. */
  next: number;
}

/** Pages of one CPU that are read at a time: a CPU that writes faster than we read must not hold us for ever. */
const MAX_PAGES = 16_384;

/**
 * Opens `per_cpu/cpuN/trace_pipe_raw` of an instance: what is read of them is gone from it.
 *
 * @param path of the instance
 * @param root of tracefs, which describes the pages
 * @throws {TraceDataError} when this kernel's pages are laid out in a way that is not known
 * @throws {SysError} EBUSY when somebody else reads them, EACCES
 */
export function openTraceReader(path: string, root: string): TraceReader {
  const format = parsePageFormat(readControl(`${root}/events/header_page`));
  if (!knowsEventHeads(readControl(`${root}/events/header_event`))) {
    throw new TraceDataError("header_event describes events of another kind");
  }
  using undo = new DisposableStack();
  const owned = undo.use(new DisposableStack());
  const queues = [...Deno.readDirSync(`${path}/per_cpu`)]
    .map((entry) => Number(entry.name.replace("cpu", ""))).sort((a, b) => a - b)
    .map((cpu): Queue => {
      const fd = owned.use(open(`${path}/per_cpu/cpu${cpu}/trace_pipe_raw`, O.RDONLY | O.NONBLOCK));
      return { cpu, fd, pages: [], pageOf: [], ats: [], lengths: [], times: [], next: 0 };
    });
  let origin: bigint | null = null;
  let broken = 0;
  // What was written before the last look ended is in the buffers by now.
  let settled = -Infinity;
  let latest = -Infinity;
  const reader: TraceReader = {
    get originNs() {
      return origin ?? 0n;
    },
    get broken() {
      return broken;
    },
    drain(sink, all = false): number {
      settled = latest;
      for (const queue of queues) fill(queue, all);
      return merge(queues, sink, all ? Infinity : settled);
    },
    stats(): BufferStats {
      const all = queues.map(({ cpu }) => parseBufferStats(readControlOrNull(`${path}/per_cpu/cpu${cpu}/stats`) ?? ""));
      const sum = (name: keyof BufferStats): number => all.reduce((n, s) => n + s[name], 0);
      return {
        entries: sum("entries"),
        overrun: sum("overrun"),
        commitOverrun: sum("commitOverrun"),
        dropped: sum("dropped"),
        read: sum("read"),
      };
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
  undo.move();
  return reader;

  function fill(queue: Queue, all: boolean): void {
    for (let n = 0; n < MAX_PAGES || all; n++) {
      const page = readPage(queue.fd, format);
      if (!page) return;
      origin ??= page.getBigUint64(format.timestampOffset, true);
      const at = queue.pages.push(page) - 1;
      try {
        decodePage(page, format, origin, sinkOf(queue, at));
      } catch (error) {
        if (!(error instanceof TraceDataError)) throw error;
        broken++;
      }
      // We have caught up. What our own reads cause, where they are traced, would give us one event a page for ever.
      if (!all && filledBytes(page, format) < page.byteLength / 2) return;
    }
  }

  function sinkOf(queue: Queue, page: number): PageSink {
    return {
      event(_page, at, length, time): void {
        queue.pageOf.push(page);
        queue.ats.push(at);
        queue.lengths.push(length);
        queue.times.push(time);
        if (time > latest) latest = time;
      },
      // The buffer's own counts tell it as well, and always how many.
      lost: () => {},
    };
  }
}

function readPage(fd: Fd, format: PageFormat): DataView | null {
  // Less than a whole page at a time would be continued by the next read.
  const bytes = new Uint8Array(format.pageSize);
  for (;;) {
    const n = read(fd.fd, bytes);
    if (n === -ERRNO.EINTR) continue;
    if (n === -ERRNO.EAGAIN || n === 0) return null;
    if (n < 0) throw new SysError("read", n, "trace_pipe_raw");
    return new DataView(bytes.buffer, 0, n);
  }
}

/** Hands on the events until a time, the oldest first; one CPU's stay in their order. */
function merge(queues: readonly Queue[], sink: TraceSink, until: number): number {
  let handed = 0;
  for (;;) {
    let first: Queue | null = null;
    // Where the others go on: until then one CPU's events follow each other. Of one time, the lower CPU's come first.
    let limit = Infinity;
    for (const queue of queues) {
      if (queue.next === queue.times.length) continue;
      const time = queue.times[queue.next];
      if (time > until) continue;
      if (!first || time < first.times[first.next]) {
        if (first) limit = Math.min(limit, first.times[first.next]);
        first = queue;
      } else limit = Math.min(limit, time);
    }
    if (!first) break;
    const { cpu, pages, pageOf, ats, lengths, times } = first;
    let i = first.next;
    do {
      sink(pages[pageOf[i]], ats[i], lengths[i], times[i], cpu);
      i++;
      handed++;
    } while (i < times.length && times[i] < limit && times[i] <= until);
    first.next = i;
  }
  for (const queue of queues) forget(queue);
  return handed;
}

/** Lets go of what was handed on. */
function forget(queue: Queue): void {
  const { next } = queue;
  if (next === 0) return;
  if (next === queue.times.length) {
    Object.assign(queue, { pages: [], pageOf: [], ats: [], lengths: [], times: [], next: 0 });
    return;
  }
  const keptPage = queue.pageOf[next];
  Object.assign(queue, {
    pages: queue.pages.slice(keptPage),
    pageOf: queue.pageOf.slice(next).map((page) => page - keptPage),
    ats: queue.ats.slice(next),
    lengths: queue.lengths.slice(next),
    times: queue.times.slice(next),
    next: 0,
  });
}
