import assert from "node:assert/strict";
import { skip } from "../../../tests/skip.ts";
import { gunzipSync } from "node:zlib";
import type { Profile } from "../../data/mod.ts";
import { perfScriptFormat } from "./perf_script.ts";
import { stackcollapseFormat } from "./stackcollapse.ts";

const shared = new URL("../../../../shared/fixtures/profiles/perf-script/", import.meta.url);

function read(bytes: Uint8Array, size = 1 << 16): Profile {
  const reader = perfScriptFormat.reader!();
  for (let i = 0; i < bytes.length; i += size) reader.push(bytes.subarray(i, i + size));
  return reader.end();
}

function collapsed(profile: Profile): string {
  return [...stackcollapseFormat.write!(profile)].map((b) => new TextDecoder().decode(b)).join("");
}

function names(): string[] | null {
  try {
    return [...Deno.readDirSync(shared)].map((e) => e.name).sort();
  } catch {
    return null;
  }
}

Deno.test("perf script text folds to exactly what stackcollapse-perf.pl --all made of it", async (t) => {
  const files = names();
  if (!files) return skip("no ../shared/fixtures/profiles beside the checkout");
  const results = files.filter((n) => n.endsWith(".collapsed-all.txt"));
  assert.ok(results.length >= 5);
  for (const name of results) {
    await t.step(name, () => {
      const text = Deno.readFileSync(new URL(name.replace(".collapsed-all", ""), shared));
      assert.equal(collapsed(read(text)), Deno.readTextFileSync(new URL(name, shared)));
      assert.deepEqual(read(text, 100), read(text));
    });
  }
});

Deno.test("other texts of perf script lose no sample", async (t) => {
  const files = names();
  if (!files) return skip("no ../shared/fixtures/profiles beside the checkout");
  for (const name of files.filter((n) => /^speedscope.*\.txt$|\.gz$/.test(n))) {
    await t.step(name, () => {
      const raw = Deno.readFileSync(new URL(name, shared));
      const bytes = name.endsWith(".gz") ? new Uint8Array(gunzipSync(raw)) : raw;
      const profile = read(bytes);
      const headers = new TextDecoder().decode(bytes).split("\n").filter((l) => /^[^\s#]/.test(l)).length;
      assert.equal(profile.quality.events, headers);
      assert.deepEqual(profile.quality.notes, []);
      assert.deepEqual(read(bytes, 100), profile);
    });
  }
});

Deno.test("names are tidied as the script does", () => {
  const text = `my app 1 1.5: cycles: 
\t  1 std::map<int, Foo (*)(char)>::operator()(int) const (/bin/x)
\t  2 (anonymous namespace)::helper(int) (/bin/x)
\t  3 ns::(anonymous namespace)::helper(int) (/bin/x)
\t  4 net/http.(*Client).Do (/bin/x)
\t  5 a->b(int)->c;d (/tmp/perf-12.map)
\t  6 [unknown] (/usr/lib/libz.so.1)
\t  7 [unknown] ([unknown])
\t  8 "quoted"'name' (/bin/x)

java 1 1.5: cycles: 
\t  1 Lorg/x/Y;.call(Lorg/x/Z;)V (/tmp/perf-1.map)
\t  2 Left (/bin/x)

`;
  assert.equal(
    collapsed(read(new TextEncoder().encode(text))),
    "java;Left;org/x/Y:.call_[j] 1\n" +
      "my_app;quotedname;[unknown];[libz.so.1];a_[j];b_[i];c:d_[i];net/http.(*Client).Do;ns::(anonymous namespace)::helper;std::map<int, Foo  1\n",
  );
});
