import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Batch, field } from "../../core/data/mod.ts";
import type { Investigator } from "../../core/plugin_api/mod.ts";
import { eventBatch, memoryEngine, planOf, testServices } from "../_testing.ts";
import { execute } from "./execute.ts";
import { exitCode, reportToJson } from "./report.ts";

/** What `run --json` prints for this recipe, byte for byte. `deno test … -- --update` writes it anew. */
const GOLDEN = fileURLToPath(new URL("../../tests/fixtures/language/report.json", import.meta.url));

const RECIPE = `recipe golden "Every kind of result"
param least: duration = 1ms "a parameter"
let table = collect proc.list | filter wait > $least or is_null(wait) | select pid, comm, cpu, rss, read_bytes, wait
let grouped = collect tracepoint:block:block_rq_issue for 2s
  | aggregate count(), hist(bytes), p99(bytes), max(ptr) as last_ptr, max(sector) as far, rate(bytes) by comm
let flame = collect tracepoint:block:block_rq_issue for 2s | aggregate flame(bytes) by comm
let lines = collect tracepoint:block:block_rq_issue for 2s | aggregate series(sum(bytes), 1s) by comm
let gone = collect kprobe:refused for 1s | aggregate count()
every 10s for 15s {
  let round = collect tracepoint:block:block_rq_issue for 1s | aggregate count()
  show round as table
  alert "busy" when max(round.count) > 1 with round
}
when max(table.cpu) > 10% { let hot = table | top 1 by cpu
  show hot } else { table | limit 1 }
show table, grouped as hist, flame as flame, lines as series
save table to "table.csv"
expect max(table.cpu) < 90% else "too busy"
expect max(table.cpu) < 50% else "too busy"
expect max(gone.count) > 0
expect max(grouped.p99_bytes) > 0B tolerate 5%
ask "Why?" with table
`;

const EVENTS: Batch = eventBatch(
  [field("bytes", "bytes"), field("sector", "int"), field("ptr", "address")],
  [4096, 8192, 1 << 20, null].map((bytes, i) => ({
    time: 1_700_000_000_000_000_000n + BigInt(i) * 700_000_000n,
    pid: 10 + i,
    comm: i === 2 ? null : "dd",
    "args.bytes": bytes,
    "args.sector": (1n << 60n) + BigInt(i),
    "args.ptr": 0xffff888000000000n + BigInt(i),
    stack: i === 3 ? null : ["main", `f${i % 2}`].map((name) => ({
      function: name,
      module: "dd",
      file: "",
      line: 0,
      kind: "user",
    })),
  })),
);

const INVESTIGATOR: Investigator = {
  name: "nobody",
  doc: "refuses",
  investigate: () => Promise.reject(new Error("no answer today")),
};

Deno.test("run --json keeps its shape", async () => {
  const clock = { ms: 0 };
  const engine = memoryEngine({
    events: EVENTS,
    refuse: (spec) => JSON.stringify(spec.source).includes("kprobe") ? "no kprobes here" : null,
    lost: 0,
  }, clock);
  const report = await execute(
    await planOf(RECIPE),
    testServices(engine, clock, {
      investigator: INVESTIGATOR,
      wallNs: () => 1_700_000_000_000_000_000n + BigInt(clock.ms) * 1_000_000n,
    }),
  );
  assert.equal(exitCode(report), 1);
  const text = JSON.stringify(reportToJson(report), null, 2) + "\n";
  if (Deno.args.includes("--update")) {
    Deno.mkdirSync(GOLDEN.slice(0, GOLDEN.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(GOLDEN, text);
  }
  assert.equal(text, Deno.readTextFileSync(GOLDEN));
});
