import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { packFiles, shippedFiles, workerSources } from "./shipped_files.ts";

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

Deno.test("packing takes text as text, bytes as base64, and neither source nor fixtures", () => {
  const dir = `${Deno.makeTempDirSync()}/`;
  try {
    for (const folder of ["bpf", "core/fixtures", "dsl", "plugins", "recipes"]) {
      Deno.mkdirSync(dir + folder, { recursive: true });
    }
    Deno.writeTextFileSync(`${dir}recipes/a.perf`, "ä\n");
    Deno.writeFileSync(`${dir}bpf/p.o`, new Uint8Array([0x7f, 0xff]));
    Deno.writeTextFileSync(`${dir}bpf/mod.ts`, "");
    Deno.writeTextFileSync(`${dir}core/x_worker.ts`, "");
    Deno.writeTextFileSync(`${dir}core/fixtures/big.json`, "{}");
    assert.deepEqual(packFiles(dir), { "bpf/p.o": { base64: "f/8=" }, "recipes/a.perf": "ä\n" });
    assert.deepEqual(workerSources(dir), ["core/x_worker.ts"]);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
