import assert from "node:assert/strict";
import { type AssetBundle, assetBytes, assetList, assetText, BUNDLE_KEY, workerUrl } from "./mod.ts";

const global = globalThis as { [BUNDLE_KEY]?: AssetBundle };

async function packed(bundle: AssetBundle, test: () => void | Promise<void>): Promise<void> {
  global[BUNDLE_KEY] = bundle;
  try {
    await test();
  } finally {
    delete global[BUNDLE_KEY];
  }
}

Deno.test("in a checkout assets are the files of the project", () => {
  assert.match(assetText("deno.json"), /"imports"/);
  assert.deepEqual(assetBytes("LICENSE"), Deno.readFileSync(new URL("../../LICENSE", import.meta.url)));
  assert.deepEqual(assetList("core/assets"), [
    "core/assets/asset.ts",
    "core/assets/asset_test.ts",
    "core/assets/bundle.ts",
    "core/assets/mod.ts",
  ]);
  assert.deepEqual(assetList("no/such/folder"), []);
  assert.throws(() => assetText("no_such_file"), Deno.errors.NotFound);
  assert.ok(workerUrl("core/x/y_worker.ts").startsWith("file:///"));
});

Deno.test("names cannot lead out of the project", () => {
  for (const name of ["/etc/passwd", "../secret", "recipes/../../x", "", "./x"]) {
    assert.throws(() => assetText(name), TypeError);
    assert.throws(() => assetList(name), TypeError);
  }
});

/** A bundle over a few files. */
function bundleOf(files: Record<string, Uint8Array<ArrayBuffer>>, workers: Record<string, string> = {}): AssetBundle {
  return {
    names: Object.keys(files),
    read: (name) => files[name],
    workerUrl: (name) =>
      workers[name] === undefined ? null : URL.createObjectURL(new Blob([workers[name]], { type: "text/javascript" })),
  };
}

Deno.test("in the packed executable assets come out of the bundle, text and bytes alike", () =>
  packed(
    bundleOf({
      "recipes/b.perf": new Uint8Array([98]),
      "recipes/a.perf": new TextEncoder().encode("collect ä"),
      "recipes/old/c.perf": new Uint8Array(),
    }),
    () => {
      assert.equal(assetText("recipes/a.perf"), "collect ä");
      assert.deepEqual(assetBytes("recipes/b.perf"), new Uint8Array([98]));
      assert.deepEqual(assetList("recipes"), ["recipes/a.perf", "recipes/b.perf"]);
      assert.throws(() => assetText("deno.json"), Deno.errors.NotFound);
      assert.throws(() => assetText("toString"), Deno.errors.NotFound);
      assert.throws(() => assetText("../x"), TypeError);
      assert.throws(() => workerUrl("a_worker.ts"), Deno.errors.NotFound);
    },
  ));

Deno.test("a packed Worker runs", () =>
  packed(bundleOf({}, { "a_worker.ts": "self.onmessage = (e) => self.postMessage(e.data + 1);" }), async () => {
    const worker = new Worker(workerUrl("a_worker.ts"), { type: "module" });
    const answer = new Promise((resolve) => worker.onmessage = (event): void => resolve(event.data));
    worker.postMessage(41);
    assert.equal(await answer, 42);
    worker.terminate();
  }));
