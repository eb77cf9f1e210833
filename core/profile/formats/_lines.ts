/** Cuts bytes that come in pieces into lines. */
export interface Lines {
  push(chunk: Uint8Array): void;
  /** Hands out what stands after the last line break, if anything does. */
  end(): void;
}

/**
 * @param max longest line, bytes; of a longer one its first `max` are handed out with `cut` true
 * @param line gets `bytes[from]` up to `bytes[to - 1]`, without the line break (LF or CR LF); valid during the call
 */
export function lineSplitter(
  max: number,
  line: (bytes: Uint8Array, from: number, to: number, cut: boolean) => void,
): Lines {
  let rest = new Uint8Array(1 << 12);
  let length = 0;
  let waiting = false;
  let cut = false;

  const emit = (bytes: Uint8Array, from: number, to: number, wasCut: boolean): void => {
    if (to > from && bytes[to - 1] === 13) to--;
    if (to - from > max) line(bytes, from, from + max, true);
    else line(bytes, from, to, wasCut);
  };
  const keep = (chunk: Uint8Array, from: number, to: number): void => {
    waiting = true;
    const take = Math.min(to - from, max + 1 - length);
    if (take < to - from) cut = true;
    if (length + take > rest.length) {
      const more = new Uint8Array(Math.max(rest.length * 2, length + take));
      more.set(rest.subarray(0, length));
      rest = more;
    }
    rest.set(chunk.subarray(from, from + take), length);
    length += take;
  };
  const finish = (): void => {
    const [to, wasCut] = [length, cut];
    length = 0;
    waiting = cut = false;
    emit(rest, 0, to, wasCut);
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
        emit(chunk, at, end, false);
        at = end + 1;
      }
      if (at < chunk.length) keep(chunk, at, chunk.length);
    },
    end: () => {
      if (waiting) finish();
    },
  };
}
