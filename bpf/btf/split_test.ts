// deno-lint-ignore-file no-explicit-any -- the JSON of another tool
import assert from "node:assert/strict";
import fc from "fast-check";
import { outputOf } from "../../tests/compile_c.ts";
import { skip } from "../../tests/skip.ts";
import { type BtfBuilder, btfBuilder } from "../testing/build_btf.ts";
import { type Btf, BtfError, KIND, memberPath, parseBtf, typeText } from "./mod.ts";

/** A kernel with a few types, and a module whose types go on from there. */
function pair(): { base: BtfBuilder; split: BtfBuilder } {
  const base = btfBuilder();
  const int = base.int("int", 4, { signed: true }); // 1
  const char = base.int("char", 1, { signed: true }); // 2
  const unsigned = base.int("unsigned int", 4); // 3
  base.reference(KIND.TYPEDEF, int, "pid_t"); // 4
  const text = base.array(char, unsigned, 16); // 5
  const task = base.struct("task_struct", 40, [["pid", 4, 0], ["comm", text, 32], ["flag", unsigned, 160, 3]]); // 6
  const pointer = base.reference(KIND.PTR, task); // 7
  base.reference(KIND.FUNC, base.prototype(int, [["task", pointer]]), "wake"); // 8, 9

  const split = btfBuilder(base);
  const alias = split.reference(KIND.TYPEDEF, 4, "my_pid_t"); // of a typedef of the base
  const constant = split.reference(KIND.CONST, alias);
  const many = split.array(constant, unsigned, 8); // of a type of its own
  const tasks = split.array(pointer, unsigned, 4); // of a type of the base
  const inner = split.struct("", 8, [["low", unsigned, 0], ["all", unsigned, 0]], KIND.UNION);
  // A name that the base has as well, and one that is only here.
  split.struct("task_struct", 96, [["own", int, 0], ["pids", many, 32], ["tasks", tasks, 320], ["", inner, 640], [
    "bits",
    unsigned,
    704,
    5,
  ]]);
  split.struct("wrapper", 16, [["task", pointer, 0], ["pid", alias, 64]]);
  split.reference(KIND.FUNC, split.prototype(alias, [["task", pointer], ["count", constant]]), "mod_wake");
  return { base, split };
}

function parsed(): { base: Btf; split: Btf } {
  const { base, split } = pair();
  const own = parseBtf(base.build());
  return { base: own, split: parseBtf(split.build(), own) };
}

Deno.test("a module's types go on from the kernel's: ids, texts, typedefs, arrays and members across both", () => {
  const { base, split } = parsed();
  assert.equal(base.lastId, 9);
  assert.ok(split.lastId > base.lastId);
  // A shared name is found in the module, where it is its own.
  const own = split.find("task_struct", KIND.STRUCT);
  assert.ok(own > base.lastId);
  assert.equal(split.size(own), 96);
  assert.equal(base.find("task_struct", KIND.STRUCT), 6);
  assert.equal(split.find("pid_t", KIND.TYPEDEF), 0, "what only the kernel has is not the module's");

  const alias = split.find("my_pid_t", KIND.TYPEDEF);
  assert.equal(split.resolve(alias), 1);
  assert.equal(split.name(split.resolve(alias)), "int");
  assert.equal(typeText(split, alias), "my_pid_t");

  const path = (from: number, ...names: string[]): any => memberPath(split, from, names);
  assert.deepEqual(path(own, "pids", "3").offsets, [4 + 3 * 4]);
  assert.equal(path(own, "pids", "3").typeText, "const my_pid_t");
  assert.deepEqual(path(own, "pids", "3").leaf, { kind: "int", width: 4, signed: true, bool: false });
  // Through an array of pointers into a struct of the kernel.
  assert.deepEqual(path(own, "tasks", "2", "comm").offsets, [40 + 2 * 8, 4]);
  assert.deepEqual(path(own, "tasks", "2", "comm").leaf, { kind: "chars", size: 16 });
  assert.deepEqual(path(own, "tasks", "0", "flag").leaf.bits, { shift: 0, size: 3 });
  assert.deepEqual(path(own, "low").offsets, [80]);
  assert.deepEqual(path(own, "all").offsets, [80]);
  assert.deepEqual(path(own, "bits").leaf.bits, { shift: 0, size: 5 });
  assert.match(path(own, "tasks", "4").error, /no index below 4/);
  assert.match(path(own, "tasks", "0", "own").error, /struct task_struct has no member "own"/);

  const wake = split.find("mod_wake", KIND.FUNC);
  const params = split.params(split.target(wake));
  assert.deepEqual(params.map((p) => [p.name, typeText(split, p.type)]), [["task", "struct task_struct *"], [
    "count",
    "const my_pid_t",
  ]]);
  assert.deepEqual([...split.withPrefix("mod_", KIND.FUNC)].map((id) => split.name(id)), ["mod_wake"]);
});

Deno.test("names that a module shares with the kernel by the kernel's own texts are found", () => {
  const base = btfBuilder();
  const int = base.int("int", 4, { signed: true });
  base.struct("shared_name", 4, [["a", int, 0]]);
  const split = btfBuilder(base);
  const id = split.struct("shared_name", 8, [["b", int, 32]]);
  const own = parseBtf(base.build());
  const both = parseBtf(split.build(), own);
  assert.equal(both.find("shared_name", KIND.STRUCT), id);
  assert.deepEqual([...both.withPrefix("shared_", KIND.STRUCT)], [id]);
  assert.equal(both.members(id)[0].name, "b");
});

Deno.test("bpftool reads the same pair as we do", async () => {
  const { base, split } = pair();
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/base`, base.build());
    await Deno.writeFile(`${folder}/split`, split.build());
    const text = await outputOf("bpftool", ["-j", "-B", `${folder}/base`, "btf", "dump", "file", `${folder}/split`]);
    if (text === null) return skip("bpftool is not installed");
    const ours = parsed().split;
    const { types } = JSON.parse(text);
    assert.equal(types.at(-1).id, ours.lastId);
    const kindName = Object.fromEntries(Object.entries(KIND).map(([name, number]) => [number, name]));
    const plain = (name: string): string => name === "(anon)" ? "" : name;
    for (const t of types) {
      assert.equal(kindName[ours.kind(t.id)], t.kind);
      assert.equal(ours.name(t.id), plain(t.name ?? ""));
      if (t.members) {
        assert.deepEqual(
          ours.members(t.id).map((m) => [m.name, m.type, m.bitOffset, m.bitSize]),
          t.members.map((m: any) => [plain(m.name), m.type_id, m.bits_offset, m.bitfield_size ?? 0]),
        );
      }
      if (t.kind === "ARRAY") assert.deepEqual(ours.array(t.id), { type: t.type_id, count: t.nr_elems });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("damaged type information is refused as such, wherever the damage lies; nothing hangs", () => {
  const whole = pair().base.build();
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(damage, fc.nat(whole.length), (changes, length) => {
      const bytes = whole.slice(0, length < whole.length / 2 ? length : whole.length);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      try {
        const btf = parseBtf(bytes);
        for (let id = 1; id <= btf.lastId; id++) {
          typeText(btf, id);
          btf.size(id);
        }
        for (const name of ["task_struct", "wake", "pid_t"]) {
          const id = btf.find(name, KIND.STRUCT);
          if (id > 0) memberPath(btf, id, ["comm"]);
        }
      } catch (error) {
        assert.ok(error instanceof BtfError, String((error as Error).stack));
      }
    }),
    { numRuns: 5000 },
  );
});
