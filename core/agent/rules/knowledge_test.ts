import assert from "node:assert/strict";
import {
  CGROUP_FIELDS,
  CPU_FIELDS,
  DISK_FIELDS,
  KERNEL_LOG_FIELDS,
  LOAD_FIELDS,
  MEMORY_FIELDS,
  NETWORK_FIELDS,
  PRESSURE_FIELDS,
  PROCESS_FIELDS,
  SUMMARY_FIELDS,
  TCP_FIELDS,
} from "../../../plugins/system/fields.ts";
import { BOTTLENECK_TYPES, type Field } from "../../data/mod.ts";
import { testFields } from "../testdata/tables.ts";
import { DERIVED } from "./derived.ts";
import { factsOfRule, HEALTHY, ruleScope } from "./infer.ts";
import { builtinKnowledge, type Template, type Term } from "./knowledge.ts";

const K = builtinKnowledge();
const IDS = new Set(K.hypotheses.map((h) => h.id));
/** Results whose table has another name in the test data. */
const TABLE: { readonly [result: string]: string } = { "cpu_profile processes": "profile_processes" };

function knownFact(fact: string): boolean {
  if (Object.hasOwn(DERIVED, fact)) return true;
  const [scope, field] = fact.split(".");
  const spec = K.scopes[scope];
  if (!spec) return false;
  return testFields(TABLE[`${spec.tool} ${spec.result}`] ?? spec.result).some((f) => f.name === field);
}

function termFacts(terms: readonly Term[] = []): string[] {
  return terms.flatMap((t) => t.any ? termFacts(t.any) : t.fact!);
}

function places(t: Template): { en: string[]; zh: string[] } {
  const of = (s: string): string[] => [...s.matchAll(/\{([a-z_]+\.[a-z0-9_]+)\}/g)].map((m) => m[1]).sort();
  return { en: [...new Set(of(t.en))], zh: [...new Set(of(t.zh))] };
}

Deno.test("the made-up tables have the fields of the tools' own", () => {
  const same = (table: string, fields: readonly Field[]): void => {
    const own = fields.map((f) => ({ name: f.name, type: f.type, unit: f.unit }));
    assert.deepEqual(testFields(table).map((f) => ({ name: f.name, type: f.type, unit: f.unit })), own, table);
  };
  same("cpu", CPU_FIELDS);
  same("load", LOAD_FIELDS);
  same("memory", MEMORY_FIELDS);
  same("disks", DISK_FIELDS);
  same("network", NETWORK_FIELDS);
  same("tcp", TCP_FIELDS);
  same("pressure", PRESSURE_FIELDS);
  same("cgroups", CGROUP_FIELDS);
  same("kernel_log", KERNEL_LOG_FIELDS);
  same("processes", PROCESS_FIELDS);
  same("summary", SUMMARY_FIELDS);
});

Deno.test("every fact of the knowledge is a field of a tool or a derived fact", () => {
  const facts = [
    ...K.rules.flatMap((r) => [...factsOfRule(r), r.cite, ...(r.denialCite ? [r.denialCite] : [])]),
    ...K.hypotheses.flatMap((h) => [
      ...termFacts(h.critical),
      ...(h.wants ?? []),
      ...termFacts(h.culprit?.if),
      ...[h.culprit?.pid, h.culprit?.comm, h.culprit?.function, h.culprit?.container].filter((f) => f !== undefined),
    ]),
    ...K.use.flatMap((u) => [
      ...termFacts(u.where),
      ...[u.utilization, u.saturation, u.errors].flatMap((c) => [...termFacts(c.bad), ...(c.cite ? [c.cite] : [])]),
    ]),
    ...Object.values(K.scopes).flatMap((s) => s.join ? [s.join.with] : []),
  ];
  for (const fact of facts) assert.ok(knownFact(fact), fact);
});

Deno.test("every text has the same places in both languages, and each is a known fact", () => {
  const templates: Template[] = [
    ...K.rules.flatMap((r) => [r.claim, ...(r.denial ? [r.denial] : [])]),
    ...K.hypotheses.flatMap((h) => [h.cause, ...h.rootCause, ...h.recommendations]),
    ...K.use.flatMap((u) => [u.utilization, u.saturation, u.errors].flatMap((c) => [...c.text, c.missing])),
    ...K.blind,
  ];
  for (const t of templates) {
    const { en, zh } = places(t);
    assert.deepEqual(en, zh, t.en);
    for (const fact of en) assert.ok(knownFact(fact), `${fact} in ${t.en}`);
    for (const fact of termFacts(t.if)) assert.ok(knownFact(fact), `${fact} in ${t.en}`);
    assert.match(t.zh, /[\u4e00-\u9fff]|^\{/);
  }
});

Deno.test("what a rule cites stands in its claim, so that the number can be checked", () => {
  for (const r of K.rules) {
    assert.ok(places(r.claim).en.some((p) => p === r.cite || r.cite.startsWith("process.")), `${r.id} claims`);
    if (r.denial) assert.ok(places(r.denial).en.includes(r.denialCite ?? r.cite), `${r.id} denies`);
  }
});

Deno.test("rules move hypotheses that exist, in the right direction, and speak of one kind of subject", () => {
  const ids = K.rules.map((r) => r.id);
  assert.equal(new Set(ids).size, ids.length);
  for (const r of K.rules) {
    const moves = Object.entries({ ...r.moves, ...r.others });
    assert.ok(moves.length > 0, r.id);
    for (const [id, [holds, not]] of moves) {
      assert.ok(IDS.has(id), `${r.id} moves ${id}`);
      assert.ok(Math.sign(holds) !== Math.sign(not) || holds === 0, `${r.id} on ${id}: both ${holds} and ${not}`);
    }
    const kinds = new Set(
      factsOfRule(r).flatMap((f) => {
        const s = K.scopes[f.split(".")[0]];
        return s?.join ? [s.join.with.split(".")[0]] : s?.key ? [f.split(".")[0]] : [];
      }),
    );
    assert.ok(kinds.size <= 1, `${r.id} mixes ${[...kinds]}`);
    assert.ok([...kinds, "machine"].includes(ruleScope(r, K)));
  }
});

Deno.test("every problem can be shown by two independent sources or stays below confident, and healthy by none", () => {
  for (const h of K.hypotheses) {
    assert.ok(BOTTLENECK_TYPES.includes(h.type));
    if (h.id === HEALTHY) continue;
    const own = K.rules.filter((r) => (r.moves?.[h.id]?.[0] ?? 0) > 0);
    assert.ok(own.length >= 1, `${h.id} has no evidence`);
    assert.ok(h.recommendations.length >= 1, h.id);
    // What argues for a problem argues against health, or nothing would ever be found.
    const denies = K.rules.some((r) => r.moves?.[h.id] && (r.others?.[HEALTHY]?.[0] ?? 0) < 0);
    const alsoDenies = K.rules.some((r) =>
      (r.others?.[HEALTHY]?.[0] ?? 0) <= -2 &&
      factsOfRule(r).some((f) => own.some((o) => factsOfRule(o).includes(f)))
    );
    assert.ok(denies || alsoDenies, `${h.id} leaves healthy untouched`);
  }
});
