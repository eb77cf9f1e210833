import assert from "node:assert/strict";
import { skip } from "../skip.ts";
import { SONDE, sonde } from "./sonde.ts";
import { onTerminal } from "./terminal.ts";

const FEW = `collect proc.list(interval: 10ms) | filter pid > 0 | sort pid | limit 2 | select pid, comm`;
const NO_PTY = "python3, which makes a terminal, is not installed";
const stripped = (text: string): string => text.replace(/\x1b\[[?\d;]*[A-Za-z]/g, "").replaceAll("\r", "");

/** Starts `sonde run` with piped output, interrupts it once that matches, answers everything. */
async function interruptedOnce(
  pattern: RegExp,
  args: readonly string[],
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const child = new Deno.Command(SONDE, {
    args: ["run", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const err = new Response(child.stderr).text();
  let out = "";
  let sent = false;
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    out += part;
    if (!sent && pattern.test(out)) {
      child.kill("SIGINT");
      sent = true;
    }
  }
  return { code: (await child.status).code, out, err: await err };
}

Deno.test("--watch on a terminal redraws in place; after Ctrl-C the last round stays, with its exit code", async () => {
  const terminal = onTerminal(["run", "--watch", "50ms", "-e", `let few = ${FEW}\nexpect count(few) > 9`]);
  if (terminal === null) return skip(NO_PTY);
  await terminal.until(/round 3 ·[^]*fail/);
  await terminal.type("\x03");
  const { code, out } = await terminal.ended();
  assert.equal(code, 1, out);
  const [screen, after] = out.split("\x1b[?7h\x1b[?25h\x1b[?1049l");
  assert.ok(screen.includes("\x1b[?1049h") && screen.includes("\x1b[?25l"));
  assert.equal(screen.split("\x1b[2J").length, 2, "the screen is wiped once, at the start");
  const frames = screen.split("\x1b[H").slice(2);
  assert.ok(frames.length >= 3);
  for (const frame of frames) {
    // Ctrl-C leaves its mark where the cursor was.
    assert.match(frame, /\x1b\[J(\^C)?$/, "what was below is wiped last");
    for (const line of frame.split("\n").slice(0, -1)) assert.match(line, /\x1b\[K\r$/);
  }
  assert.match(
    stripped(frames[1]),
    /^-e · every 50 ms · round 1 · .*\n\nfew\npid +comm\n[^]*fail +count\(few\) > 9 \(2\)/,
  );
  assert.match(stripped(after), /round \d+ · [^]*pid +comm[^]*fail +count/);
});

Deno.test("--watch cuts long results to the height of the terminal, and says so", async () => {
  const recipe = "let a = collect proc.list(interval: 10ms) | select pid, comm\nlet n = a | aggregate count()";
  const terminal = onTerminal(["run", "--watch", "50ms", "-e", recipe], 15, 60);
  if (terminal === null) return skip(NO_PTY);
  await terminal.until(/round 2/);
  await terminal.type("\x03");
  const { code, out } = await terminal.ended();
  assert.equal(code, 0, out);
  const [screen, after] = out.split("\x1b[?1049l");
  const frame = stripped(screen.split("\x1b[H")[3]).split("\n");
  assert.ok(frame.length <= 15, frame.join("\n"));
  assert.ok(frame.some((line) => /^… \d+ more rows$/.test(line)), frame.join("\n"));
  assert.ok(frame.some((line) => /^count$/.test(line)), "the second result is there as well");
  assert.ok(stripped(after).split("\n").length > 30, "what stays is not cut");
});

Deno.test("--watch where output is no terminal: rounds follow one another under a line with time and number", async () => {
  const { code, out, err } = await interruptedOnce(/\(round 3\)/, ["--watch", "20ms", "-e", FEW]);
  assert.equal(code, 0, err);
  assert.match(out, /^--- \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(round 1\)\nresult\npid +comm\n[^]*\n\n--- .* \(round 2\)\n/);
  assert.doesNotMatch(out, /\x1b/);
});

Deno.test("--watch --json writes one line for each round", async () => {
  const { code, out, err } = await interruptedOnce(/\n.*\n/, ["--watch", "20ms", "--json", "-e", FEW]);
  assert.equal(code, 0, err);
  const rounds = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.ok(rounds.length >= 2);
  rounds.forEach((r, i) => assert.equal(r.round, i + 1));
  assert.equal(rounds[0].results.result.rows.length, 2);
  assert.ok(BigInt(rounds[1].time_ns) > BigInt(rounds[0].time_ns));
});

Deno.test("--watch: Ctrl-C ends the running window, which is shown; without a complete round it decides", async () => {
  const recipe = "let a = collect proc.list(interval: 600s) | aggregate count()\nexpect a.count > 0";
  const { code, out, err } = await interruptedOnce(/round 1/, ["--watch", "1s", "-e", recipe]);
  assert.equal(code, 1);
  assert.match(out, /inconclusive +a\.count > 0/);
  assert.match(err, /Stopped before the end/);
});

Deno.test("--watch refuses what would never end, a wrong duration, and ends where nothing can run", async () => {
  const endless = await sonde(["run", "--watch", "1s", "-e", "collect process.exec"]);
  assert.equal(endless.code, 2);
  assert.match(endless.err, /has no "for"/);
  const wrong = await sonde(["run", "--watch", "often", "-e", FEW]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /--watch: "often" is no length of time/);
});
