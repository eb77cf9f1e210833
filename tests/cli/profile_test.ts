import assert from "node:assert/strict";
import { hotProgram } from "../hot_program.ts";
import { skip } from "../skip.ts";
import { sonde } from "./sonde.ts";

/** A stack as JSON has it. */
interface Stack {
  readonly frames: readonly { readonly function: string }[];
  readonly values: readonly number[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Runs with a program that has no frame pointers. */
async function withProgram(
  test: (path: string, start: (mode: string) => Promise<{ pid: number } & AsyncDisposable>) => Promise<void>,
): Promise<void> {
  const program = await hotProgram(["-fomit-frame-pointer"]);
  if (!program) return skip("no gcc");
  await using _ = program;
  await test(program.path, (mode) => program.start(mode));
}

/** Whether the machine refuses to be sampled. */
function refused({ code, err }: { code: number; err: string }): boolean {
  if (code !== 3) return false;
  skip(err.split("\n")[0]);
  return true;
}

Deno.test("sonde profile -- COMMAND follows it and its children from the start, and passes its exit code and output", () =>
  withProgram(async (path) => {
    const script = `"$0" short & "$0" short; wait; exit 5`;
    const run = await sonde(["profile", "-F", "997", "--json", "--", "sh", "-c", script, path]);
    if (refused(run)) return;
    assert.equal(run.code, 5);
    assert.equal(run.out, "ready\nready\n");
    const { command, results } = JSON.parse(run.err.slice(run.err.indexOf("{")));
    assert.equal(command[0], "sh");
    const stacks: Stack[] = results.profile.stacks;
    const names = (s: Stack): string[] => s.frames.map((f) => f.function);
    const hot = stacks.filter((s) => names(s).some((n) => n.startsWith("spend_")));
    assert.equal(new Set(hot.map((s) => s.labels.pid)).size, 2);
    const whole = hot.filter((s) =>
      names(s).indexOf("main") < names(s).indexOf("round_of_work") && names(s).includes("main")
    );
    const sum = (list: Stack[]): number => list.reduce((n, s) => n + s.values[0], 0);
    assert.ok(sum(whole) > 0.98 * sum(hot), `${sum(whole)} of ${sum(hot)}`);
  }));

Deno.test("sonde profile of several processes writes the file that its ending names, and says so", () =>
  withProgram(async (_path, start) => {
    await using a = await start("spin");
    await using b = await start("spin");
    const file = await Deno.makeTempFile({ suffix: ".folded" });
    try {
      const run = await sonde(["profile", "-p", `${a.pid},${b.pid}`, "--for", "0.5", "-F", "499", "-o", file]);
      if (refused(run)) return;
      assert.equal(run.code, 0, run.err);
      assert.match(run.err, /Wrote /);
      assert.match(await Deno.readTextFile(file), /^hot_program;_start;.*;main;round_of_work;spend_six \d+$/m);
    } finally {
      await Deno.remove(file);
    }
  }));

Deno.test("sonde profile says what is wrong with options, and with what this machine lacks", async () => {
  for (
    const [args, message] of [
      [["-p", "1", "-a"], /exclude each other/],
      [["-p", "1,x"], /--pid: "x"/],
      [["--stack-size", "1M"], /--stack-size: "1M"/],
      [["--unwind", "magic"], /auto.*fp.*dwarf.*lbr/],
      [["--cgroup", "/not-there-at-all"], /no cgroup/],
    ] as const
  ) {
    const { code, err } = await sonde(["profile", "--for", "0.1", ...args]);
    assert.equal(code, 2, err);
    assert.match(err, message);
  }
  const lbr = await sonde(["profile", "--for", "0.1", "--unwind", "lbr"]);
  if (lbr.code === 0) return skip("this processor records branches");
  assert.equal(lbr.code, 3);
  assert.match(lbr.err, /--unwind auto|perf_event_paranoid/);
});
