import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { shippedFiles, workerSources } from "./shipped_files.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

Deno.test("every file that code asks core/assets for by name is packed", () => {
  const files = new Set(shippedFiles(root));
  const workers = new Set(workerSources(root));
  const wrong: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of Deno.readDirSync(root + folder)) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) visit(path);
      else if (/\.ts$/.test(path) && !/_(test|bench)\.ts$/.test(path)) {
        const source = Deno.readTextFileSync(root + path);
        for (const [, call, name] of source.matchAll(/\b(asset(?:Text|Bytes|List)|workerUrl)\(\s*"([^"]+)"/g)) {
          const known = call === "assetList"
            ? existsSync(root + name)
            : call === "workerUrl"
            ? workers.has(name)
            : files.has(name);
          if (!known) wrong.push(`${path}: ${call}("${name}")`);
        }
      }
    }
  };
  for (const folder of ["bpf", "cli", "core", "dsl", "plugins"]) visit(folder);
  assert.deepEqual(wrong, []);
});

Deno.test("neither source nor test data ships", () => {
  const dir = `${Deno.makeTempDirSync()}/`;
  try {
    for (const folder of ["bpf", "core/fixtures", "dsl", "plugins", "recipes"]) {
      Deno.mkdirSync(dir + folder, { recursive: true });
    }
    for (const name of ["recipes/a.perf", "bpf/p.o", "bpf/mod.ts", "core/x_worker.ts", "core/fixtures/big.json"]) {
      Deno.writeTextFileSync(dir + name, "");
    }
    assert.deepEqual(shippedFiles(dir), ["bpf/p.o", "recipes/a.perf"]);
    assert.deepEqual(workerSources(dir), ["core/x_worker.ts"]);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
