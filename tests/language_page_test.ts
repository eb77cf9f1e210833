import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type PageBlock, pageBlocks, pageFiles } from "./language_pages.ts";
import { skip } from "./skip.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
/** Windows, and the time of all rounds of `every`. */
const SHORT = "300ms";

/** What a machine may lack, as the engines say it: an example that needs it does not run there. */
const MAY_LACK: readonly { readonly what: string; readonly said: RegExp }[] = [
  { what: "kprobes", said: /CONFIG_KPROBES|perf events do not serve kprobe/ },
  { what: "hardware counters", said: /This machine has no such counter: hardware:/ },
  { what: "a C library for x86-64 at its place", said: /x86_64-linux-gnu\/libc\.so\.6.* (is not there|no such file)/i },
];

/** What else may stand on standard error. */
const TOLD = [/^Wrote \S+$/, /^ALERT \d\d:\d\d:\d\d /];

Deno.test({
  name: "every example of the language's pages runs, as a user would run it",
  async fn(t) {
    if (Deno.uid() !== 0) return skip("probes need root");
    const blocks = pageBlocks().filter((b) => b.kind === "good" || b.kind === "with");
    assert.ok(blocks.length >= 45, `only ${blocks.length} examples`);
    // Two at a time: most of it is waiting.
    const left = blocks.values();
    const lane = async (): Promise<void> => {
      for (const block of left) {
        await t.step({
          name: `${block.page}:${block.line} ${block.source.split("\n")[0]}`,
          fn: () => runBlock(block),
          sanitizeOps: false,
          sanitizeResources: false,
          sanitizeExit: false,
        });
      }
    };
    await Promise.all([lane(), lane()]);
  },
});

/** Runs a recipe with short windows in a folder of its own. */
async function runBlock(block: PageBlock): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "sonde_page_" });
  try {
    for (const [name, text] of Object.entries(pageFiles(block.page))) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    await Deno.writeTextFile(`${folder}/example.perf`, shortened(block.source));
    const plugin = block.kind === "with" ? ["--plugin", `${ROOT}docs/examples/${block.name}`] : [];
    const params = windowsOf(block.source).flatMap((name) => ["--param", `${name}=${SHORT}`]);
    const { code, stdout, stderr } = await new Deno.Command(`${ROOT}sonde`, {
      args: ["run", ...plugin, ...params, "example.perf"],
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
      signal: AbortSignal.timeout(60_000),
    }).output();
    const said = new TextDecoder().decode(stderr).split("\n").filter((line) => line !== "");
    const wrong: string[] = [];
    let lacking = false;
    for (let i = 0; i < said.length; i++) {
      if (TOLD.some((told) => told.test(said[i]))) continue;
      const lacks = / did not run: /.test(said[i]) && MAY_LACK.find(({ said: reason }) => reason.test(said[i]));
      if (!lacks) {
        wrong.push(said[i]);
        continue;
      }
      lacking = true;
      skip(`${block.page}:${block.line}: the machine has no ${lacks.what}`);
      // The line below says what can be done.
      if (!/^sonde: /.test(said[i + 1] ?? "sonde: ")) i++;
    }
    assert.deepEqual(wrong, [], `exit code ${code}`);
    if (!lacking) assert.ok(code === 0 || code === 1, `exit code ${code}`);
    if (code === 1) assert.match(new TextDecoder().decode(stdout), /^(fail|inconclusive) /m);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The same recipe with short windows. */
function shortened(source: string): string {
  return source
    .replace(/\bfor \d[\w.]*/g, `for ${SHORT}`)
    .replace(/\bevery \S+(?: for \S+)? \{/g, `every 100ms for ${SHORT} {`);
}

/** Parameters that say how long something lasts. */
function windowsOf(source: string): string[] {
  const names = [...source.matchAll(/\bfor \$(\w+)/g)].map(([, name]) => name);
  return [...new Set(names)];
}
