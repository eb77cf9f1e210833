/** The one executable, made as a user makes it and run where there is nothing else: empty folder, empty environment. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { skip } from "./skip.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const EXAMPLE_PLUGIN = join(ROOT, "docs/examples/zombies.js");

Deno.test("the one executable", async (t) => {
  const made = Deno.makeTempDirSync();
  const dir = Deno.makeTempDirSync();
  const sonde = (...args: string[]): { code: number | null; out: string; err: string } => {
    const { status, stdout, stderr } = spawnSync("env", ["-i", join(made, "sonde"), ...args], {
      cwd: dir,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    return { code: status, out: stdout, err: stderr };
  };
  try {
    await t.step("is made by `deno task compile`", () => {
      const { status, stderr } = spawnSync(Deno.execPath(), ["task", "--quiet", "compile", join(made, "sonde")], {
        cwd: ROOT,
        encoding: "utf8",
      });
      assert.equal(status, 0, stderr);
      assert.match(stderr, /made by deno compile|packed/);
    });

    await t.step("prints its help", () => {
      const { code, out, err } = sonde("--help");
      assert.equal(code, 0, err);
      assert.match(out, /diagnose/);
    });

    await t.step("tells what works here", () => {
      const { code, out, err } = sonde("doctor", "--json");
      assert.equal(code, 0, err);
      assert.equal(typeof JSON.parse(out), "object");
    });

    await t.step("lists the recipes that ship inside it", () => {
      const { code, out, err } = sonde("list", "recipes", "--json");
      assert.equal(code, 0, err);
      const shipped = Array.from(Deno.readDirSync(join(ROOT, "recipes"))).filter(({ name }) => name.endsWith(".perf"));
      for (const { name } of shipped) assert.ok(out.includes(name.replace(/\.perf$/, "")), name);
    });

    await t.step("runs a recipe", () => {
      Deno.writeTextFileSync(
        join(dir, "busy.perf"),
        `recipe busy "Which processes are there?"\nlet rows = collect proc.list(interval: 50ms) | aggregate count()\n`,
      );
      const { code, out, err } = sonde("run", "busy.perf", "--json");
      assert.equal(code, 0, err);
      assert.ok(JSON.parse(out).results.rows.rows[0][0] > 1);
    });

    await t.step("formats, and runs what recipes seldom use", () => {
      Deno.writeTextFileSync(join(dir, "busy.perf"), "let a=collect proc.list(interval:50ms)|top 2 by rss\n");
      const formatted = sonde("fmt", "busy.perf");
      assert.equal(formatted.code, 0, formatted.err);
      const text = Deno.readTextFileSync(join(dir, "busy.perf"));
      assert.equal(text, "let a = collect proc.list(interval: 50ms) | top 2 by rss\n");
      const { code, out, err } = sonde(
        "run",
        "--json",
        "-e",
        `${text}let b = a | detect rss | sample 100 | join a by pid
every 100ms for 150ms { let r = collect proc.list(interval: 20ms) | aggregate max(cpu) as cpu
show r as series }
show a as hist`,
      );
      assert.equal(code, 0, err);
      const { results } = JSON.parse(out);
      assert.equal(results.b, undefined, "what show leaves out");
      assert.deepEqual(results.r.fields.map((f: { name: string }) => f.name), ["round_time", "cpu"]);
      assert.equal(results.a.rows.length, 2);
    });

    await t.step("serves editors", async () => {
      const message = (body: object): Uint8Array => {
        const text = JSON.stringify({ jsonrpc: "2.0", ...body });
        return new TextEncoder().encode(`Content-Length: ${text.length}\r\n\r\n${text}`);
      };
      const child = new Deno.Command(join(made, "sonde"), { args: ["lsp"], stdin: "piped", stdout: "piped" }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(message({ id: 1, method: "initialize", params: { capabilities: {}, processId: null } }));
      let out = "", open = true;
      for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
        out += part;
        if (!open || !out.includes("completionProvider")) continue;
        open = false;
        // It ends with its input.
        await writer.close();
      }
      assert.match(out, /"completionProvider"/);
      assert.equal((await child.status).code, 0);
    });

    await t.step("counts in the kernel", () => {
      const { code, out, err } = sonde(
        "run",
        "--json",
        "-e",
        "collect raw_tracepoint:sys_enter for 200ms | aggregate count()",
      );
      if (code === 3) return skip(`BPF is not permitted here: ${err.trim()}`);
      assert.equal(code, 0, err);
      assert.equal(JSON.parse(out).results.result.rows.length, 1);
    });

    await t.step("samples CPUs into a flame graph", () => {
      const { code, err } = sonde("profile", "-a", "--for", "1", "-o", "flame.svg");
      if (code === 3) return skip(`sampling is not permitted here: ${err.trim()}`);
      assert.equal(code, 0, err);
      assert.match(Deno.readTextFileSync(join(dir, "flame.svg")), /^<\?xml|^<svg/);
    });

    await t.step("diagnoses", () => {
      const { code, out, err } = sonde("diagnose", "--json", "--for", "2", "--html", "report.html");
      assert.equal(code, 0, err);
      const diagnosis = JSON.parse(out);
      assert.ok(["info", "warning", "critical"].includes(diagnosis.severity));
      assert.ok(diagnosis.use_matrix.length > 0);
      assert.match(Deno.readTextFileSync(join(dir, "report.html")), /<html/);
    });

    await t.step("loads a plugin from a file", () => {
      Deno.copyFileSync(EXAMPLE_PLUGIN, join(dir, "zombies.js"));
      const { code, out, err } = sonde("list", "collectors", "--json", "--plugin", "zombies.js");
      assert.equal(code, 0, err);
      assert.match(out, /zombie\.list/);
      const tool = sonde("tool", "count_zombies", "--json", "--plugin", "zombies.js");
      assert.equal(tool.code, 0, tool.err);
      assert.ok(JSON.parse(tool.out).results);
    });

    await t.step("leaves nothing behind but what it was asked for", () => {
      const names = Array.from(Deno.readDirSync(dir), ({ name }) => name).sort();
      assert.deepEqual(
        names.filter((name) => !["busy.perf", "flame.svg", "report.html", "zombies.js"].includes(name)),
        [],
      );
    });
  } finally {
    Deno.removeSync(made, { recursive: true });
    Deno.removeSync(dir, { recursive: true });
  }
});
