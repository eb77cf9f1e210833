/** Cuts bytes that come in pieces into lines. */
export interface Lines {
  push(chunk: Uint8Array): void;
  /** Hands out what stands after the last line break, if anything does. */
  end(): void;
}

/**
 * @param max longest line, bytes; of a longer one its first `max` are handed out with `cut` true, at once: a device that
 *   never sends a line break is found out as well
 * @param line gets `bytes[from]` up to `bytes[to - 1]`, without the line break (LF or CR LF); valid during the call
 */
export function lineSplitter(
  max: number,
  line: (bytes: Uint8Array, from: number, to: number, cut: boolean) => void,
): Lines {
  let rest = new Uint8Array(1 << 12);
  let length = 0;
  let waiting = false;
  /** The line that goes on was handed out already, cut. */
  let passing = false;

  const emit = (bytes: Uint8Array, from: number, to: number): void => {
    if (to > from && bytes[to - 1] === 13) to--;
    const cut = to - from > max;
    line(bytes, from, cut ? from + max : to, cut);
  };
  const keep = (chunk: Uint8Array, from: number, to: number): void => {
    waiting = true;
    if (passing) return;
    // One more than a line has, so that a carriage return at its end is told from a byte too many.
    const take = Math.min(to - from, max + 2 - length);
    if (length + take > rest.length) {
      const more = new Uint8Array(Math.max(rest.length * 2, length + take));
      more.set(rest.subarray(0, length));
      rest = more;
    }
    rest.set(chunk.subarray(from, from + take), length);
    length += take;
    if (length < max + 2) return;
    length = 0;
    passing = true;
    line(rest, 0, max, true);
  };
  const finish = (): void => {
    const [to, handedOut] = [length, passing];
    length = 0;
    waiting = passing = false;
    if (!handedOut) emit(rest, 0, to);
  };

  return {
    push: (chunk) => {
      let at = 0;
      if (waiting) {
        const end = chunk.indexOf(10);
        keep(chunk, 0, end < 0 ? chunk.length : end);
        if (end < 0) return;
        finish();
        at = end + 1;
      }
      for (let end = chunk.indexOf(10, at); end >= 0; end = chunk.indexOf(10, at)) {
        emit(chunk, at, end);
        at = end + 1;
      }
      if (at < chunk.length) keep(chunk, at, chunk.length);
    },
    end: () => {
      if (waiting) finish();
    },
  };
}
