import assert from "node:assert/strict";
import { FORMAT, head, pageOf } from "./_pages.ts";
import { parseBufferStats } from "./buffer_stats.ts";
import { decodePage } from "./decode_page.ts";
import { parseTraceableFunctions } from "./kernel_function_names.ts";
import { globOf } from "./match_functions.ts";
import { parseOwnerName } from "./owner_name.ts";
import { parsePageFormat } from "./page_format.ts";
import { TraceDataError } from "./trace_data_error.ts";

/** 1 is twenty thousand pages. */
const SCALE = Number(Deno.env.get("SONDE_FUZZ_SCALE") ?? 1);

/** Numbers below `n`, the same ones in each run. */
function random(seed: number): (n: number) => number {
  let x = seed;
  return (n) => {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    return Math.floor(x / 4294967296 * n);
  };
}

Deno.test("decodePage() answers any damaged page: records that lie within it, or a typed error", () => {
  const below = random(7);
  const sound = pageOf(
    123_456_789n,
    [
      [head(2, 3), 1, 2],
      [head(30, 9), 4],
      [head(0, 1), 12, 5, 6],
      [head(29, 2), 8, 7],
      [head(31, 5), 6],
      [head(1, 1), 8],
      [head(28, 1), ...Array.from({ length: 28 }, (_, i) => i)],
    ],
    3 << 30,
    5n,
  );
  let refused = 0;
  let taken = 0;
  for (let n = 0; n < 20_000 * SCALE; n++) {
    const bytes = new Uint8Array(sound.buffer.slice(0));
    for (let i = 1 + below(6); i > 0; i--) {
      const at = below(2) === 0 ? 8 + below(60) : below(bytes.length);
      if (below(3) === 0) bytes[at] ^= 1 << below(8);
      else bytes[at] = below(256);
    }
    const page = new DataView(bytes.buffer, 0, below(10) === 0 ? below(bytes.length) : bytes.length);
    let last = 0;
    try {
      decodePage(page, FORMAT, 0n, {
        event(p, at, length, time): void {
          assert.ok(at >= FORMAT.dataOffset && at + length <= p.byteLength && length >= 0 && at > last);
          assert.ok(Number.isFinite(time));
          last = at;
        },
        lost: (count) => assert.ok(count === null || Number.isSafeInteger(count)),
      });
      taken++;
    } catch (error) {
      if (!(error instanceof TraceDataError)) throw error;
      refused++;
    }
  }
  assert.ok(refused > 1000 && taken > 1000, `${refused} refused, ${taken} taken: the damage is of one kind only`);
});

Deno.test("the parsers of tracefs' texts take any text", () => {
  const below = random(11);
  const pieces = [
    "entries: 5\n",
    "overrun: x",
    "sonde_1_2",
    "_ns3",
    "_top_0",
    "field: u64 timestamp;\toffset:0;\tsize:8;",
  ];
  const more = ["\0", "vfs_read [ext4]\n", " ", "[", "*", "?", "99999999999999999999", "é", "a"];
  for (let n = 0; n < 5000 * SCALE; n++) {
    const text = Array.from({ length: below(8) }, () => [...pieces, ...more][below(pieces.length + more.length)]).join(
      "",
    );
    parseBufferStats(text);
    parseTraceableFunctions(text);
    parseOwnerName(text);
    globOf(text)("vfs_read_and_write_aaaaaaaaaaaaaaaaaaaaaaaa");
    try {
      parsePageFormat(text);
    } catch (error) {
      assert.ok(error instanceof TraceDataError);
    }
  }
});
