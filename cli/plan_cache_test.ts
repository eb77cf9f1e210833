import assert from "node:assert/strict";
import { openHost } from "../core/host/mod.ts";
import { openPlanCache, type PlanCache } from "./plan_cache.ts";

const host = openHost();

/** Runs over a cache folder of its own. */
async function withCache(work: (folder: string, open: (...extra: string[]) => PlanCache) => void): Promise<void> {
  const base = await Deno.makeTempDir();
  const before = Deno.env.get("XDG_CACHE_HOME");
  Deno.env.set("XDG_CACHE_HOME", base);
  try {
    work(`${base}/sonde/plans`, (...extra) => openPlanCache(host, extra));
  } finally {
    if (before === undefined) Deno.env.delete("XDG_CACHE_HOME");
    else Deno.env.set("XDG_CACHE_HOME", before);
    await Deno.remove(base, { recursive: true });
  }
}

function only(folder: string): string {
  const [entry, ...rest] = [...Deno.readDirSync(folder)];
  assert.deepEqual(rest, []);
  return `${folder}/${entry.name}`;
}

Deno.test("what was put is found by its kind and key, and by nothing else", () =>
  withCache((_folder, open) => {
    open("a").put("recipe", "collect x", "the plan");
    assert.equal(open("a").get("recipe", "collect x"), "the plan");
    assert.equal(open("a").get("bpf", "collect x"), null);
    assert.equal(open("a").get("recipe", "collect y"), null);
    assert.equal(open("b").get("recipe", "collect x"), null);
    assert.equal(open().get("recipe", "collect x"), null);
  }));

Deno.test("a file that others may write, or that is another's, is not read", () =>
  withCache((folder, open) => {
    open().put("recipe", "k", "plan");
    const file = only(folder);
    assert.equal(Deno.statSync(file).mode! & 0o777, 0o600);
    assert.equal(Deno.statSync(folder).mode! & 0o777, 0o700);
    for (const mode of [0o620, 0o602]) {
      Deno.chmodSync(file, mode);
      assert.equal(open().get("recipe", "k"), null, mode.toString(8));
    }
    Deno.chmodSync(file, 0o600);
    assert.equal(open().get("recipe", "k"), "plan");
    Deno.chmodSync(folder, 0o777);
    assert.equal(open().get("recipe", "k"), null);
    open().put("recipe", "other", "plan");
    assert.equal([...Deno.readDirSync(folder)].length, 1);
    Deno.chmodSync(folder, 0o700);
    if (Deno.uid() !== 0) return;
    Deno.chownSync(file, 65534, 65534);
    assert.equal(open().get("recipe", "k"), null);
  }));

Deno.test("a file under another key's name is not taken for it", () =>
  withCache((folder, open) => {
    open().put("recipe", "first", "one");
    const first = only(folder);
    const bytes = Deno.readFileSync(first);
    Deno.removeSync(first);
    open().put("recipe", "second", "two");
    Deno.writeFileSync(only(folder), bytes);
    assert.equal(open().get("recipe", "second"), null);
  }));

Deno.test("where nothing can be kept nothing fails, and the oldest files go", () =>
  withCache((folder, open) => {
    Deno.mkdirSync(folder.replace(/\/plans$/, ""), { recursive: true });
    Deno.writeTextFileSync(folder, "no folder");
    open().put("recipe", "k", "plan");
    assert.equal(open().get("recipe", "k"), null);
    Deno.removeSync(folder);
    const cache = open();
    for (let i = 0; i < 230; i++) cache.put("recipe", `k${i}`, "plan");
    assert.equal([...Deno.readDirSync(folder)].length, 200);
    assert.equal(cache.get("recipe", "k229"), "plan");
    cache.put("recipe", "large", "x".repeat(5 << 20));
    assert.equal(cache.get("recipe", "large"), null);
  }));
