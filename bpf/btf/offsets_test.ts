import assert from "node:assert/strict";
import fc from "fast-check";
import { outputOf } from "../../tests/compile_c.ts";
import { skip } from "../../tests/skip.ts";
import { type Btf, KIND, memberPath, openBtf } from "./mod.ts";

const VMLINUX = "/sys/kernel/btf/vmlinux";
/** Members that a C compiler is asked about. */
const WANTED = 600;

/** A member by its struct and name; whether it is a bit field. */
interface Place {
  readonly struct: string;
  readonly member: string;
  readonly bits: boolean;
}

/** Members of all named structs that have a name of their own, those of anonymous structs and unions inside included. */
function places(btf: Btf): { plain: Place[]; bits: Place[]; nested: Place[] } {
  const ids = new Map<string, number[]>();
  for (const id of btf.withPrefix("", KIND.STRUCT)) {
    const name = btf.name(id);
    if (name !== "") ids.set(name, [...ids.get(name) ?? [], id]);
  }
  // A name that stands for other things as well is written differently in C.
  const others = new Set(
    [...btf.withPrefix("", KIND.UNION), ...btf.withPrefix("", KIND.ENUM)].map((id) => btf.name(id)),
  );
  const found = { plain: [] as Place[], bits: [] as Place[], nested: [] as Place[] };
  for (const [struct, [id, ...more]] of ids) {
    if (more.length > 0 || others.has(struct)) continue;
    const walk = (type: number, inside: boolean): void => {
      for (const m of btf.members(type)) {
        const real = btf.resolve(m.type);
        const aggregate = btf.kind(real) === KIND.STRUCT || btf.kind(real) === KIND.UNION;
        if (m.name === "" && aggregate) walk(real, true);
        else if (m.name !== "") {
          const place = { struct, member: m.name, bits: m.bitSize > 0 };
          (place.bits ? found.bits : inside ? found.nested : found.plain).push(place);
        }
      }
    };
    // The header does not say of an enumeration that it is packed into a byte.
    if (btf.members(id).every((m) => !isSmallEnum(btf, m.type))) walk(id, false);
  }
  return found;
}

function isSmallEnum(btf: Btf, type: number): boolean {
  const real = btf.resolve(type);
  return btf.kind(real) === KIND.ENUM && btf.size(real) < 4;
}

const sample = <T>(all: readonly T[], n: number): T[] =>
  n >= all.length ? [...all] : fc.sample(fc.shuffledSubarray(all as T[], { minLength: n, maxLength: n }), 1)[0];

Deno.test("members lie where a C compiler puts them: plain, in anonymous unions and structs, and bit by bit", async () => {
  let open: ReturnType<typeof openBtf>;
  try {
    open = openBtf(VMLINUX);
  } catch {
    return skip("the kernel has no BTF");
  }
  using opened = open;
  const { btf } = opened;
  const header = await outputOf("bpftool", ["btf", "dump", "file", VMLINUX, "format", "c"]);
  if (header === null) return skip("bpftool is not installed");
  const all = places(btf);
  const chosen = [
    ...sample(all.plain, WANTED / 3),
    ...sample(all.nested, WANTED / 3),
    ...sample(all.bits, WANTED / 3),
  ];
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/vmlinux.h`, header);
    const asks = chosen.map(({ struct, member, bits }, i) =>
      bits
        ? `{ static struct ${struct} s; s.${member} = -1; show(${i}, &s, sizeof s); }`
        : `printf("${i} %lu %lu 0\\n", sizeof(struct ${struct}), 8UL * __builtin_offsetof(struct ${struct}, ${member}));`
    );
    await Deno.writeTextFile(
      `${folder}/ask.c`,
      `#include "vmlinux.h"
extern int printf(const char *, ...);
static void show(int i, void *s, unsigned long n) {
  unsigned char *b = s; long first = -1, count = 0;
  for (unsigned long k = 0; k < n * 8; k++) if (b[k / 8] >> (k % 8) & 1) { if (first < 0) first = k; count++; }
  printf("%d %lu %ld %ld\\n", i, n, first, count);
}
int main(void) { ${asks.join("\n")} return 0; }`,
    );
    const gcc = await new Deno.Command("gcc", {
      args: ["-w", "-O0", "-o", `${folder}/ask`, `${folder}/ask.c`],
      stderr: "piped",
    }).output().catch(() => null);
    if (!gcc) return skip("gcc is not installed");
    assert.ok(gcc.success, new TextDecoder().decode(gcc.stderr).slice(0, 2000));
    const lines = (await outputOf(`${folder}/ask`, []))!.trim().split("\n");
    assert.equal(lines.length, chosen.length);
    let compared = 0;
    for (const line of lines) {
      const [i, bytes, offset, size] = line.split(" ").map(Number);
      const { struct, member, bits } = chosen[i];
      const id = btf.find(struct, KIND.STRUCT);
      // BTF has offsets and no attributes: what a struct in it was aligned or packed to, the header does not say.
      if (bytes !== btf.size(id)) continue;
      const path = memberPath(btf, id, [member]);
      if ("error" in path) {
        // A struct or an array is no value: it has a place all the same.
        assert.match(path.error, /is no single value/, `${struct}.${member}`);
        continue;
      }
      compared++;
      const { leaf, offsets } = path;
      const shift = leaf.kind === "int" ? leaf.bits?.shift ?? 0 : 0;
      assert.equal(offsets[0] * 8 + shift, offset, `${struct}.${member}`);
      if (bits) assert.equal(leaf.kind === "int" && leaf.bits?.size, size, `${struct}.${member}`);
    }
    assert.ok(compared > chosen.length / 2, `${compared} of ${chosen.length}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
