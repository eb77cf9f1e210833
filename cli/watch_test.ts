import assert from "node:assert/strict";
import type { ExpectReport, RecipeReport } from "../dsl/run/report.ts";
import { collected, print } from "./output.ts";
import { watch, type Watched } from "./watch.ts";

const expectation = (outcome: ExpectReport["outcome"]): ExpectReport => ({
  text: "x > 0",
  outcome,
  value: null,
  unit: null,
  message: "",
});

/** What came of a round: its expectation, whether it was cut short. */
function report(outcome: ExpectReport["outcome"], interrupted = false): RecipeReport {
  return {
    recipe: "",
    title: "",
    results: {},
    shown: [],
    forms: [],
    inRounds: [],
    alerts: [],
    asks: [],
    expects: [expectation(outcome)],
    phases: [],
    errors: [],
    saved: [],
    interrupted,
  };
}

/** Runs these rounds, interrupted in the last one. */
async function run(
  rounds: readonly RecipeReport[],
  over: Partial<Watched> = {},
): Promise<
  { readonly code: number; readonly text: string; readonly log: readonly string[]; readonly error?: unknown }
> {
  const stop = new AbortController();
  const log: string[] = [];
  let code = -1;
  let n = 0;
  const { text, error } = await collected(async () => {
    code = await watch({
      name: "x",
      periodNs: 1,
      signal: stop.signal,
      screen: false,
      headings: true,
      run(): Promise<RecipeReport> {
        log.push(`run ${n}`);
        if (n === rounds.length - 1) stop.abort();
        return Promise.resolve(rounds[n++]);
      },
      show(r, about): Promise<void> {
        print(`${r.expects[0].outcome}\n`);
        log.push(`show ${about.round}`);
        return Promise.resolve();
      },
      over(): Promise<void> {
        log.push("over");
        return Promise.resolve();
      },
      ...over,
    });
  });
  return { code, text, log, error };
}

Deno.test("watch() shows every round, the interrupted one too, whose outcome does not decide", async () => {
  const { code, text, log } = await run([report("pass"), report("fail"), report("inconclusive", true)]);
  assert.equal(code, 1, "that of the second");
  assert.deepEqual(text.match(/^\w+$/gm), ["pass", "fail", "inconclusive"]);
  assert.deepEqual(log, ["run 0", "show 1", "over", "run 1", "show 2", "over", "run 2", "show 3", "over"]);
  assert.equal((await run([report("pass"), report("inconclusive", true)])).code, 0);
  assert.equal((await run([report("inconclusive", true)])).code, 1, "there is no other");
});

Deno.test("watch() ends after a first round in which nothing could run, with its exit code", async () => {
  const failed: RecipeReport = {
    ...report("inconclusive"),
    errors: [{ name: "x", what: "pipeline", kind: "unsupported", message: "no" }],
  };
  const { code, log } = await run([failed, failed, failed]);
  assert.equal(code, 3);
  assert.deepEqual(log, ["run 0", "show 1", "over"]);
});

Deno.test("watch() on a screen tries fewer rows until a round fits, and shows it in full at the end", async () => {
  const tried: (number | undefined)[] = [];
  const { text } = await run([report("pass")], {
    screen: true,
    show(_, __, maxRows): Promise<void> {
      tried.push(maxRows);
      print("heading\n" + "row\n".repeat(Math.min(100, maxRows ?? 100)) + "quality\n");
      return Promise.resolve();
    },
  });
  const rows = (part: string): number => part.split("row").length - 1;
  const [screen, after] = text.split("\x1b[?1049l");
  // Two lines are the heading's, two stand around the rows.
  assert.equal(rows(screen), Math.min(100, height() - 4));
  assert.equal(rows(after), 100);
  assert.equal(tried.at(-1), undefined);
});

Deno.test("watch() on a screen gives it back before an error is told, with what was shown until then", async () => {
  const { text, error } = await run([report("pass")], {
    screen: true,
    show: () => {
      print("half\n");
      return Promise.reject(new Error("no room"));
    },
  });
  assert.match(String(error), /no room/);
  assert.equal(text.split("\x1b[?1049l")[1], "half\n");
});

/** Lines of the terminal; 24 where there is none. */
function height(): number {
  try {
    return Deno.consoleSize().rows;
  } catch {
    return 24;
  }
}
