import assert from "node:assert/strict";
import { join } from "node:path";
import { background, command, SONDE, sonde } from "./sonde.ts";

Deno.test("an unknown command, option or argument ends with 2 and says what there is", async () => {
  const command = await sonde(["diagnoze"]);
  assert.equal(command.code, 2);
  assert.match(command.err, /no command "diagnoze"[\s\S]*diagnose/);
  const option = await sonde(["diagnose", "--pidd", "1"]);
  assert.equal(option.code, 2);
  assert.match(option.err, /unknown option '--pidd'/);
  const argument = await sonde(["tool", "list_processes", '{"top": 3}']);
  assert.equal(argument.code, 2);
  assert.match(argument.err, /unknown argument "top"/);
  const enumeration = await sonde(["tool", "list_processes", '{"sort_by": "disk"}']);
  assert.equal(enumeration.code, 2);
  assert.match(enumeration.err, /cpu.*memory/);
});

Deno.test("an argument or option that a command does not take is refused, not dropped", async () => {
  for (
    const args of [["diagnose", "why", "slow"], ["doctor", "x"], ["--plugin", "x.js", "top"], ["--json", "header", "x"]]
  ) {
    assert.equal((await sonde(args)).code, 2, args.join(" "));
  }
});

Deno.test("a reader that goes away changes no exit code and loses no file", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const html = join(dir, "r.html");
    const script = '"$1" diagnose --for 1 --fail-on info --html "$2" | true; exit ${PIPESTATUS[0]}';
    const { code } = await command("bash", ["-c", script, "bash", SONDE, html]);
    assert.equal(code, 1);
    assert.match(await Deno.readTextFile(html), /<html/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a window of 0, a wrong pid or frequency ends with 2 before anything is measured", async () => {
  for (
    const [args, message] of [
      [["diagnose", "--for", "0"], /--for: "0" is no length of time/],
      [["diagnose", "--for", "soon"], /--for: "soon"/],
      [["profile", "-p", "banana"], /--pid: "banana" is no whole number/],
      [["profile", "-F", "0"], /--frequency: "0"/],
      [["profile", "-o", "flame.bmp"], /"flame.bmp": the ending names no format/],
      [["tool", "cpu_profile", "{pid: 1}"], /no JSON/],
    ] as const
  ) {
    const { code, err } = await sonde(args);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, message);
  }
});

Deno.test("a process that does not exist is said to be gone, exit code 2", async () => {
  for (const args of [["profile", "-p", "4194304"], ["diagnose", "--pid", "4194304", "--json"]]) {
    const { code, err } = await sonde(args);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, /no process 4194304/);
  }
});

Deno.test("a full disk: the results go to standard output, the message names the file, exit code 3", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const file = join(dir, "full.json");
    await Deno.symlink("/dev/full", file);
    const { code, out, err } = await sonde(["tool", "get_system_topology", "-o", file]);
    assert.equal(code, 3);
    assert.match(err, /Cannot write ".*full\.json".*[Nn]o space/);
    assert.match(out, /cpus_online/);
    const report = await sonde(["diagnose", "--for", "2", "--html", file]);
    assert.equal(report.code, 3);
    assert.match(report.out, /resource/, "the diagnosis is told all the same");
    const recording = await sonde(["diagnose", "--for", "2", "--record", file]);
    assert.equal(recording.code, 3);
    assert.match(recording.err, /Cannot write the recording .*full\.json.*[Nn]o space/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a recipe with errors ends with 2, and the message has position and hint", async () => {
  const { code, err } = await sonde(["run", "-e", "collect proc.list | filter cpuu > 1%"]);
  assert.equal(code, 2);
  assert.match(err, /1:\d+: .*cpuu/);
  assert.match(err, /cpu/);
});

Deno.test("a plugin that throws when loaded ends with 2 and is named", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const file = join(dir, "broken.js");
    await Deno.writeTextFile(file, "export default () => { throw new Error('boom'); };");
    const { code, err } = await sonde(["list", "collectors", "--plugin", file]);
    assert.equal(code, 2);
    assert.match(err, /Plugin ".*broken\.js" could not be loaded: boom/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a reader that goes away ends sonde quietly", async () => {
  const { code, out, err } = await command("sh", ["-c", '"$1" list collectors -v | head -n 1', "sh", SONDE]);
  assert.equal(code, 0);
  assert.equal(out.split("\n").length, 2);
  assert.equal(err, "");
});

Deno.test("a process with a hostile name is shown with its escape sequences made visible", async () => {
  await using hostile = await background("sh", [
    "-c",
    'printf "\\033[2Jx\\nb" > /proc/$$/comm; echo ready; while :; do :; done',
  ]);
  const args = JSON.stringify({ filter_pid: hostile.pid, duration_secs: 0.2 });
  const { code, out } = await sonde(["tool", "list_processes", args]);
  assert.equal(code, 0);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(out, /\x1b/);
  assert.match(out, /\\x1b\[2Jx\\nb/);
});

Deno.test("an ending that does not suit the results: they are on standard output, exit code 2", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const recipe = "collect proc.list(interval: 10ms) | limit 1 | select pid, comm";
    for (const [file, message] of [["x.svg", /has a picture/], ["x.folded", /only a profile/]] as const) {
      const { code, out, err } = await sonde(["run", "-o", join(dir, file), "-e", recipe]);
      assert.equal(code, 2);
      assert.match(err, message);
      assert.match(out, /pid +comm/);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
