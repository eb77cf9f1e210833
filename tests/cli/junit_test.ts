import assert from "node:assert/strict";
import { join } from "node:path";
import { elements, parseXml, type XmlElement } from "../../core/render/xml_for_test.ts";
import { SONDE, sonde } from "./sonde.ts";

const FEW = `let few = collect proc.list(interval: 10ms) | filter pid > 0 | limit 3 | select pid, comm\n`;

async function inDirectory(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** What another parser reads in a file; null where there is none. */
const read = async (file: string): Promise<XmlElement | null> => parseXml(await Deno.readTextFile(file));

Deno.test("--junit: each expectation is a test case, a failure with its value and message, beside what was shown", async () => {
  await inDirectory(async (dir) => {
    const file = join(dir, "j.xml");
    const recipe = `recipe gate "A gate"\n${FEW}expect count(few) == 3\nexpect count(few) > 9 else "too few <&>"`;
    const { code, out } = await sonde(["run", "--junit", file, "-e", recipe]);
    assert.equal(code, 1);
    assert.match(out, /fail +count/);
    const root = await read(file);
    if (root === null) return;
    const [suite] = root.children;
    const { name, tests, failures, errors } = suite.attributes;
    assert.deepEqual([name, tests, failures, errors], ["gate", "2", "1", "0"]);
    const [failure] = elements(root, "failure");
    assert.equal(failure.attributes.message, "too few <&>");
    assert.equal(failure.text, "count(few) > 9\nvalue: 3\ntoo few <&>");
    assert.match(elements(root, "system-out")[0].text, /^few\n +pid +comm\n/);
  });
});

Deno.test("--junit: what could not run is an error, and so is what is inconclusive for it", async () => {
  await inDirectory(async (dir) => {
    const file = join(dir, "j.xml");
    const recipe =
      `${FEW}let no = collect uprobe:/nonexistent/x:main for 10ms | aggregate count()\nexpect no.count == 0`;
    const { err } = await sonde(["run", "--junit", file, "-e", recipe]);
    const root = await read(file);
    if (root === null) return;
    const [suite] = root.children;
    assert.equal(suite.attributes.name, "-e");
    assert.ok(Number(suite.attributes.errors) >= 1, err);
  });
});

Deno.test("--junit: a recipe with errors, or a wrong parameter, is one error", async () => {
  await inDirectory(async (dir) => {
    const file = join(dir, "j.xml");
    for (
      const [args, message] of [
        [["-e", "collect proc.lst"], /1:9: There is no collector "proc\.lst"/],
        [["--param", "n=many", "-e", `param n: int = 3\n${FEW}`], /"many" is no int/],
        [["-e", "collect process.exec"], /has no "for"/],
      ] as const
    ) {
      const { code } = await sonde(["run", "--junit", file, ...args]);
      assert.equal(code, 2);
      const root = await read(file);
      if (root === null) return;
      assert.deepEqual([root.attributes.tests, root.attributes.errors], ["1", "1"]);
      assert.match(elements(root, "error")[0].attributes.message, message);
    }
  });
});

Deno.test("--junit: without expectations the run itself is the test", async () => {
  await inDirectory(async (dir) => {
    const file = join(dir, "j.xml");
    // A warning, that the parameter is not used, fails nothing.
    const { code, err } = await sonde(["run", "--junit", file, "-e", `param n: int = 3\n${FEW}`]);
    assert.equal(code, 0);
    assert.match(err, /warning/);
    const root = await read(file);
    if (root === null) return;
    assert.deepEqual([root.attributes.tests, root.attributes.failures, root.attributes.errors], ["1", "0", "0"]);
  });
});

Deno.test("--junit: a file that cannot be written ends with 3, the results are shown and the message says it once", async () => {
  const { code, out, err } = await sonde(["run", "--junit", "/nonexistent/j.xml", "-e", FEW]);
  assert.equal(code, 3);
  assert.match(out, /pid +comm/);
  assert.equal(err.match(/Cannot write "\/nonexistent\/j\.xml"/g)?.length, 1, err);
  const both = await sonde(["run", "--junit", "/nonexistent/j.xml", "-e", "collect proc.lst"]);
  assert.equal(both.code, 3);
  assert.match(both.err, /There is no collector[^]*Cannot write/);
});

Deno.test("--junit is written after Ctrl-C: an expectation over a window cut short is inconclusive", async () => {
  await inDirectory(async (dir) => {
    const file = join(dir, "j.xml");
    const first = join(dir, "first.json");
    // The first phase leaves a file: the second, ten minutes long, is about to run then.
    const recipe = `let a = collect proc.list(interval: 10ms) | aggregate count()
save a to "${first}"
when a.count > 0 {
  let b = collect proc.list(interval: 600s) | aggregate count()
  expect b.count > 0
}`;
    const child = new Deno.Command(SONDE, {
      args: ["run", "--junit", file, "-e", recipe],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    using watcher = Deno.watchFs(dir);
    if (!await Deno.stat(first).then(() => true, () => false)) {
      for await (const _ of watcher) if (await Deno.stat(first).then(() => true, () => false)) break;
    }
    child.kill("SIGINT");
    const { code } = await child.status;
    const root = await read(file);
    if (root === null) return;
    // Whether the block began before the signal or not, the file is there and whole.
    const inconclusive = elements(root, "error").filter((e) => e.attributes.type === "inconclusive");
    assert.equal(code, inconclusive.length > 0 ? 1 : 0);
  });
});
