import assert from "node:assert/strict";
import { skip } from "../../tests/skip.ts";
import { addressOf } from "./address.ts";
import { parseKallsyms } from "./kallsyms.ts";

const parse = (text: string) => parseKallsyms(new TextEncoder().encode(text));
const at = (hex: string): number => addressOf(parseInt(hex.slice(0, 8), 16), parseInt(hex.slice(8), 16));

const TEXT = `0000000000000000 D per_cpu_start
ffffffff81000000 T _text
ffffffff81000000 T startup_64
ffffffff81000040 t helper.cold
ffffffff81000100 T do_work
ffffffff81000100 W __do_work
ffffffff81000200 T _etext
ffffffff82000000 D data_thing
ffffffffc0400000 t nft_do\t[nf_tables]
ffffffffc0100000 t ext4_read\t[ext4]
ffffffffc0200000 t bpf_prog_6deef7357e7b4530\t[bpf]
`;

Deno.test("find() answers kernel functions, modules and BPF programs", () => {
  const k = parse(TEXT);
  const name = (hex: string) => {
    const hit = k.find(at(hex));
    return hit && `${hit.name} ${hit.module}`;
  };
  assert.equal(name("ffffffff81000010"), "startup_64 [kernel.kallsyms]");
  assert.equal(name("ffffffff81000041"), "helper.cold [kernel.kallsyms]");
  assert.equal(name("ffffffff810001ff"), "do_work [kernel.kallsyms]");
  assert.equal(name("ffffffffc0100008"), "ext4_read [ext4]");
  assert.equal(name("ffffffffc0200008"), "bpf_prog_6deef7357e7b4530 [bpf]");
  assert.equal(name("ffffffffc0400000"), "nft_do [nf_tables]");
  assert.equal(k.hidden, false);
});

Deno.test("find() does not believe in functions behind the end of the kernel's text, or of a megabyte", () => {
  const k = parse(TEXT);
  assert.equal(k.find(at("ffffffff81000201")), null);
  assert.equal(k.find(at("ffffffff80ffffff")), null);
  assert.equal(k.find(at("ffffffffc0400000") + (1 << 20) + 1), null);
  assert.equal(k.find(0), null);
});

Deno.test("hidden tells a list of zero addresses from an empty one", () => {
  assert.equal(parse("0000000000000000 T _text\n0000000000000000 t a\n").hidden, true);
  assert.equal(parse("").hidden, false);
  assert.equal(parse("").find(at("ffffffff81000000")), null);
});

Deno.test("parseKallsyms() takes text that is cut off or is something else", () => {
  for (let n = 0; n < TEXT.length; n++) parse(TEXT.slice(0, n)).find(at("ffffffff81000010"));
  assert.equal(parse("not a symbol table\nat all, and this line is long enough\n").find(1), null);
});

Deno.test("every function of the running kernel is found at its own address", () => {
  const bytes = Deno.readFileSync("/proc/kallsyms");
  const k = parseKallsyms(bytes);
  if (k.hidden || k.length === 0) return skip("kernel symbols are hidden");
  const marks = new Set(["_etext", "_einittext", "__entry_text_end", "_text_end", "__init_end"]);
  const names = new Map<string, Set<string>>();
  for (const line of new TextDecoder().decode(bytes).split("\n")) {
    const m = /^([0-9a-f]{16}) [tTwW] (\S+)/.exec(line);
    if (!m || m[1] === "0000000000000000") continue;
    const set = names.get(m[1]);
    if (set) set.add(m[2]);
    else names.set(m[1], new Set([m[2]]));
  }
  let checked = 0;
  for (const [hex, aliases] of names) {
    if (++checked % 7 !== 0) continue;
    const hit = k.find(at(hex));
    assert.ok(hit ? aliases.has(hit.name) : [...aliases].every((n) => marks.has(n)), `${hex} ${hit?.name}`);
  }
  assert.ok(checked > 1000);
});
