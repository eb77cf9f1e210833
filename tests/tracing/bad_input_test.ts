import assert from "node:assert/strict";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { outputOf } from "../compile_c.ts";
import { command, sonde } from "../cli/sonde.ts";
import { skip } from "../skip.ts";
import { startSonde } from "./running_sonde.ts";
import { startTarget, targetProgram } from "./target_program.ts";

const privileged = hasCapability(CAP.BPF) && hasCapability(CAP.PERFMON);
const NO_RIGHTS = "CAP_BPF or CAP_PERFMON is missing";
const COUNT = "for 100ms | aggregate count()";

/** A wrong statement: what it ends with and what it says; never a stack trace. */
async function refused(
  expression: string,
  code: 2 | 3,
  message: RegExp,
  options: readonly string[] = [],
): Promise<void> {
  const run = await sonde(["run", "-e", expression, ...options]);
  assert.equal(run.code, code, `${expression}: ${run.err}`);
  assert.match(run.err, message, expression);
  assert.doesNotMatch(run.err, /defect|file:\/\//, expression);
}

/** Results of a run that is to go well. */
// deno-lint-ignore no-explicit-any -- JSON of another process
async function results(expression: string, options: readonly string[] = []): Promise<any> {
  const run = await sonde(["run", "--json", "-e", expression, ...options]);
  assert.equal(run.code, 0, `${expression}: ${run.err}`);
  return JSON.parse(run.out).results;
}

Deno.test("a probe that does not exist ends with 2, and the nearest names are told", async () => {
  if (!privileged) return skip(NO_RIGHTS);
  for (
    const [probe, message] of [
      [
        "tracepoint:sched:sched_swich",
        /1:9: There is no tracepoint:sched:sched_swich[\s\S]*tracepoint:sched:sched_switch/,
      ],
      ["raw_tracepoint:sched_swich", /Did you mean raw_tracepoint:sched_switch/],
      ["calls syscall:opena", /Did you mean syscall:open/],
      ["iter:nonsense", /no iterator over "nonsense"[\s\S]*sonde list probes 'iter:\*'/],
      ["hardware:cycels", /Did you mean cycles/],
      ["software:page-fault", /Did you mean page-faults/],
      ["xdp:nosuch0", /no network interface "nosuch0"[\s\S]*Interfaces here: .*lo/],
      ["uprobe:nosuchlib:f", /no program or library "nosuchlib"[\s\S]*whole path/],
      ["nonsense:x", /no kind of probe[\s\S]*Kinds: .*tracepoint/],
    ] as const
  ) await refused(`collect ${probe} ${COUNT}`, 2, message);
});

Deno.test("a frequency, period or window that cannot be ends with 2, and the form is told", async () => {
  if (!privileged) return skip(NO_RIGHTS);
  for (
    const [probe, message] of [
      ["profile:0hz", /takes 1hz to 10khz/],
      ["profile:20000hz", /takes 1hz to 10khz/],
      ["interval:0s", /It is written interval:1s/],
      ["interval:-1s", /It is written interval:1s/],
      ["interval:1ns", /takes 100us or more/],
      ["software:page-faults:-5", /It is written software:EVENT/],
      ["software:page-faults:0", /It is written software:EVENT/],
      ["software:cpu-clock:1", /takes 100us or more/],
    ] as const
  ) await refused(`collect ${probe} ${COUNT}`, 2, message);
  await refused("collect raw_tracepoint:sys_enter for 0s | aggregate count()", 2, /longer than 0/);
});

Deno.test("hardware events where there is no PMU end with 3, the reason and what works instead", async () => {
  if (!privileged) return skip(NO_RIGHTS);
  const counted = await outputOf("perf", ["stat", "-x,", "-e", "cycles", "true"]);
  if (counted === null) return skip("perf is not installed");
  const { err } = await command("perf", ["stat", "-x,", "-e", "cycles", "true"]);
  if (!/not supported|not counted/.test(err)) return skip("there is a PMU here");
  await refused(
    `collect hardware:cycles:1000000 ${COUNT}`,
    3,
    /no such counter: hardware:cpu-cycles[\s\S]*software: events/,
  );
});

Deno.test("paths of fields: through a union they are read; through void, or to no member, they are refused", async () => {
  if (!privileged) return skip(NO_RIGHTS);
  const { result } = await results(
    "collect raw_tracepoint:sched_switch for 100ms | aggregate count() by task.rcu_users.refs.counter as users",
  );
  assert.ok(result.rows.length > 0);
  // An anonymous union in a struct in a struct (include/net/sock.h, struct sock_common).
  await results(
    "collect raw_tracepoint:inet_sock_set_state for 100ms | aggregate count() by args.sk.__sk_common.skc_dport",
  );
  await refused(
    `collect raw_tracepoint:inet_sock_set_state ${COUNT} by args.sk.__sk_common.skc_dporrt`,
    2,
    /struct sock_common has no member "skc_dporrt"/,
  );
  await refused(`collect raw_tracepoint:sched_switch ${COUNT} by task.stack.x`, 2, /void \* has no members, so no "x"/);
  await refused(
    `collect raw_tracepoint:sched_switch ${COUNT} by task.se`,
    2,
    /struct sched_entity is no single value|no single value/,
  );
});

Deno.test("10,000 functions that a pattern matches are counted, not attached", async () => {
  if (!privileged) return skip(NO_RIGHTS);
  const folder = await Deno.makeTempDir();
  try {
    const names = Array.from({ length: 10_000 }, (_, i) => `f${i}`);
    const text = names.map((n) => `.globl ${n}\n.type ${n}, @function\n${n}: nop\n.size ${n}, 1\n`).join("");
    await Deno.writeTextFile(`${folder}/many.s`, `.text\n${text}`);
    if (await outputOf("gcc", ["-shared", "-nostdlib", "-o", `${folder}/many.so`, `${folder}/many.s`]) === null) {
      return skip("gcc is not installed");
    }
    await refused(
      `collect uprobe:${folder}/many.so:f* ${COUNT}`,
      2,
      /matches 10,000 probes; at most 1,000[\s\S]*Narrow it/,
    );
    const list = await sonde(["run", "--json", "-e", `collect uprobe:${folder}/many.so:f12?? ${COUNT}`]);
    assert.equal(list.code, 0, list.err);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what is no program is refused at once: missing, a script, a folder, a FIFO, a device", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/script`, "#!/bin/sh\n");
    assert.equal((await command("mkfifo", [`${folder}/fifo`])).code, 0);
    for (
      const [path, message] of [
        [`${folder}/none`, /there is no file/],
        [`${folder}/script`, /no code that can be probed: Not an ELF file[\s\S]*interpreter/],
        [folder, /is no regular file/],
        [`${folder}/fifo`, /is no regular file/],
        ["/dev/zero", /is no regular file/],
      ] as const
    ) {
      for (const source of [`uprobe:${path}:f`, `usdt:${path}:a:b`, `calls user:${path}:f`]) {
        await refused(`collect ${source} ${COUNT}`, 2, message);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a stripped program is probed by address; names and wrong addresses are refused", async () => {
  if (!privileged) return skip(NO_RIGHTS);
  await using target = await targetProgram();
  if (!target) return skip("gcc or nm is not installed");
  const stripped = `${target.folder}/stripped`;
  if ((await command("strip", ["-o", stripped, target.path])).code !== 0) return skip("strip is not installed");
  await refused(`collect uprobe:${stripped}:inner ${COUNT}`, 2, /stripped of all names[\s\S]*write an address/);
  await refused(`collect uprobe:${stripped}:0x999999999 ${COUNT}`, 2, /nothing of .* lies at 0x999999999/);
  await using running = await startTarget(stripped, "calls", "321");
  const run = startSonde([
    "run",
    "--json",
    "-e",
    `collect uprobe:${stripped}:${target.inner} for 600s | aggregate count()`,
  ]);
  assert.ok(await run.attached(), (await Promise.race([run.ended, { err: "" }])).err);
  await running.finish();
  run.kill("SIGINT");
  const { code, out, err } = await run.ended;
  assert.equal(code, 0, err);
  assert.deepEqual(JSON.parse(out).results.result.rows, [[321]]);
});

Deno.test("a program whose path has spaces and quotes is found and counted; its end does not end the window", async () => {
  if (!privileged) return skip(NO_RIGHTS);
  await using target = await targetProgram();
  if (!target) return skip("gcc or nm is not installed");
  const path = `${target.folder}/my "own" target: one`;
  await Deno.copyFile(target.path, path);
  const written = `"${path.replaceAll('"', '\\"')}"`;
  await using running = await startTarget(path, "calls", "123");
  const run = startSonde(["run", "--json", "-e", `collect uprobe:${written}:inner for 600s | aggregate count()`]);
  assert.ok(await run.attached(), (await Promise.race([run.ended, { err: "" }])).err);
  await running.finish();
  assert.equal(run.over(), false);
  run.kill("SIGINT");
  const { code, out, err } = await run.ended;
  assert.equal(code, 0, err);
  assert.deepEqual(JSON.parse(out).results.result.rows, [[123]]);
});

Deno.test("a program that is replaced while it is probed: what runs of the old one is still counted", async () => {
  if (!privileged) return skip(NO_RIGHTS);
  await using target = await targetProgram();
  if (!target) return skip("gcc or nm is not installed");
  await using old = await startTarget(target.path, "calls", "77");
  const run = startSonde(["run", "--json", "-e", `collect uprobe:${target.path}:inner for 600s | aggregate count()`]);
  assert.ok(await run.attached(), (await Promise.race([run.ended, { err: "" }])).err);
  await Deno.copyFile(target.path, `${target.path}.new`);
  await Deno.rename(`${target.path}.new`, target.path);
  await using other = await startTarget(target.path, "calls", "5");
  await other.finish();
  await old.finish();
  run.kill("SIGINT");
  const { code, out, err } = await run.ended;
  assert.equal(code, 0, err);
  const { rows, quality } = JSON.parse(out).results.result;
  assert.deepEqual(rows, [[77]]);
  assert.match(quality.notes.join("\n"), /was replaced/);
});

Deno.test("type information: a text, a cut file, a FIFO and a folder end with 2; a copy of the kernel's works", async () => {
  if (!privileged) return skip(NO_RIGHTS);
  const folder = await Deno.makeTempDir();
  try {
    let whole: Uint8Array;
    try {
      whole = await Deno.readFile("/sys/kernel/btf/vmlinux");
    } catch {
      return skip("the kernel has no BTF");
    }
    await Deno.writeTextFile(`${folder}/text`, "no types at all, but a long text all the same");
    await Deno.writeFile(`${folder}/cut`, whole.subarray(0, 100_000));
    await Deno.writeFile(`${folder}/head`, whole.subarray(0, 10));
    await Deno.writeFile(`${folder}/empty`, new Uint8Array());
    await Deno.writeFile(`${folder}/whole`, whole);
    assert.equal((await command("mkfifo", [`${folder}/fifo`])).code, 0);
    const expression = "collect raw_tracepoint:sched_switch for 100ms | aggregate count() by args.next.pid";
    for (
      const [file, message] of [
        ["text", /no type information/],
        ["cut", /outside the file/],
        ["head", /no type information/],
        ["empty", /no type information/],
        ["fifo", /no regular file/],
        ["none", /cannot read/],
        [".", /no regular file/],
      ] as const
    ) await refused(expression, 2, message, ["--btf", `${folder}/${file}`]);
    const { result } = await results(expression, ["--btf", `${folder}/whole`]);
    assert.ok(result.rows.length > 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an engine or a budget that is none ends with 2, and what there is is told", async () => {
  const expression = `collect raw_tracepoint:sys_enter ${COUNT}`;
  await refused(expression, 2, /no engine "nonsense"[\s\S]*bpf, bpf-perfbuf, perf, poll/, ["--engine", "nonsense"]);
  await refused(expression, 2, /no share of a CPU/, ["--budget", "0"]);
  await refused(expression, 2, /no share of a CPU/, ["--budget", "-5%"]);
});
