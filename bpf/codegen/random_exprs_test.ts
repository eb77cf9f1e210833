import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, cellAt, type Column, type Field } from "../../core/data/mod.ts";
import {
  adaptLiteral,
  binaryType,
  callType,
  compileExpr,
  compileFilter,
  type Expr,
  exprText,
  fieldRef,
  isProblem,
  literal,
  type ProbeSpec,
  unaryType,
  valueType,
} from "../../core/query/mod.ts";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { skip } from "../../tests/skip.ts";
import { structReader } from "../decode/struct_reader.ts";
import { testRun } from "../kernel/program.ts";
import { loadForTest, RAW_SOURCE, rawFinder, TEST_MACHINE } from "../testing/raw_target.ts";
import { openRing } from "../ring/ring_reader.ts";
import { CannotGenerate } from "./cannot_generate.ts";
import { MAP } from "./gen.ts";
import { planProbe } from "./plan.ts";

/** Arguments of a raw tracepoint: three signed, three unsigned. */
const FIELDS: readonly Field[] = [0, 1, 2, 3, 4, 5].map((i) => ({
  name: `args.${i}`,
  type: "int",
  unit: null,
  ...(i >= 3 && { unsigned: true }),
}));

function spec(fields: readonly Expr[], filter: Expr | null): ProbeSpec {
  return {
    source: RAW_SOURCE,
    steps: filter ? [{ kind: "filter", expr: filter }] : [],
    output: { kind: "stream", fields: fields.map((expr, i) => ({ name: `f${i}`, expr })), ringBytes: 65536 },
    includeSelf: true,
  };
}

/** Runs the spec's program in the kernel once for each row of arguments, and answers what it sent. */
function inKernel(s: ProbeSpec, rows: readonly (readonly bigint[])[]): { batch: Batch; sent: boolean[] } {
  const plan = planProbe(s, rawFinder(), TEST_MACHINE);
  assert.ok(plan.output.kind === "stream");
  using loaded = loadForTest(plan);
  const map = loaded.maps.get(MAP.ring)!;
  using ring = openRing(map.fd.fd, map.spec.maxEntries, 4096);
  const reader = structReader(plan.output.record);
  const args = new BigUint64Array(new ArrayBuffer(96));
  const sent = rows.map((row) => {
    row.forEach((v, i) => args[i] = v);
    testRun(loaded.programs[0].fd, args);
    return ring.drain((at) => reader.read(ring.bytes, ring.words, at)) === 1;
  });
  return { batch: reader.take(), sent };
}

/** Leaves out what is refused for a known reason. */
function inKernelIfItFits(s: ProbeSpec, rows: readonly (readonly bigint[])[]): { batch: Batch; sent: boolean[] } {
  try {
    return inKernel(s, rows);
  } catch (error) {
    if (error instanceof CannotGenerate && /stack|mixes signed/.test(error.message)) fc.pre(false);
    throw error;
  }
}

function inTypeScript(rows: readonly (readonly bigint[])[]): Batch {
  const columns = FIELDS.map((f, i): Column => ({
    kind: "big",
    values: f.unsigned ? BigUint64Array.from(rows, (r) => r[i]) : BigInt64Array.from(rows, (r) => r[i]),
  }));
  return { length: rows.length, fields: FIELDS, columns };
}

const NUMBERS = [0n, 1n, -1n, 2n, 7n, 63n, 64n, 255n, 1n << 31n, -(1n << 31n), 1n << 32n, (1n << 53n) + 1n];
const EDGES = [...NUMBERS, (1n << 63n) - 1n, -(1n << 63n), (1n << 64n) - 1n, 1n << 63n];
const word = fc.oneof(fc.constantFrom(...EDGES), fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }));
const row = fc.array(word, { minLength: 6, maxLength: 6 });

function typed(make: () => Expr | null): Expr {
  return make() ?? literal(7);
}

const binary = (fn: Extract<Expr, { op: "binary" }>["fn"]) => (left: Expr, right: Expr): Expr =>
  typed(() => {
    const t = binaryType(fn, left.t, right.t);
    return isProblem(t) ? null : { op: "binary", fn, left, right, t };
  });
const call = (fn: string) => (...args: Expr[]): Expr =>
  typed(() => {
    const t = callType(fn, args.map((a) => a.t));
    return isProblem(t) ? null : { op: "call", fn, args, t };
  });

/** Addresses of the network as literals: IPv4 of the numbers above, and IPv6. */
const ADDRESSES = ["0.0.0.0", "1.0.0.0", "255.255.255.255", "0.0.0.128", "::", "::1", "fe80::1:2", "2001:db8::ff00"];
const addressLiteral = (text: string): Expr => adaptLiteral(literal(text), valueType("ip"));

const { int, bool, ip } = fc.letrec<{ int: Expr; bool: Expr; ip: Expr }>((tie) => {
  const leaf = fc.oneof(
    fc.integer({ min: 0, max: 5 }).map((i) => fieldRef(`args.${i}`, "int", i >= 3)),
    word.map((v): Expr => ({ op: "lit", value: v, t: valueType("int", v >= 1n << 63n) })),
  );
  const ints = fc.tuple(tie("int"), tie("int"));
  const ips = fc.tuple(tie("ip"), tie("ip"));
  return {
    ip: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      tie("int").map((arg) => typedIp(call("ip")(arg))),
      fc.constantFrom(...ADDRESSES).map(addressLiteral),
      fc.tuple(tie("bool"), tie("ip"), tie("ip")).map(([c, x, y]) => typedIp(call("if")(c, x, y))),
      ips.map(([x, y]) => typedIp(call("coalesce")(x, y))),
      tie("ip").map((arg) => typedIp(call("ip")(arg))),
    ),
    int: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      ...(["+", "-", "*", "&", "|", "^", "<<", ">>", "%"] as const).map((fn) => ints.map(([l, r]) => binary(fn)(l, r))),
      ints.map(([l, r]) => call("div")(l, r)),
      tie("int").map((arg): Expr => {
        const t = unaryType("-", arg.t);
        return isProblem(t) ? arg : { op: "unary", fn: "-", arg, t };
      }),
      tie("int").map((arg) => call("abs")(arg)),
      ...["ntohs", "ntohl"].map((fn) => tie("int").map((arg) => call(fn)(arg))),
      fc.tuple(tie("bool"), tie("int"), tie("int")).map(([c, x, y]) => call("if")(c, x, y)),
      ints.map(([x, y]) => call("coalesce")(x, y)),
    ),
    bool: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      ...(["==", "!=", "<", "<=", ">", ">="] as const).map((fn) => ints.map(([l, r]) => binary(fn)(l, r))),
      ...(["and", "or"] as const).map((fn) => fc.tuple(tie("bool"), tie("bool")).map(([l, r]) => binary(fn)(l, r))),
      tie("bool").map((arg): Expr => ({ op: "unary", fn: "not", arg, t: valueType("bool") })),
      tie("int").map((arg) => call("is_null")(arg)),
      tie("ip").map((arg) => call("is_null")(arg)),
      ...(["==", "!="] as const).map((fn) => ips.map(([l, r]) => binary(fn)(l, r))),
      fc.tuple(tie("ip"), fc.array(fc.constantFrom(...ADDRESSES, "no address", "::ffff:1.0.0.0"), { maxLength: 3 }))
        .map((
          [arg, list],
        ): Expr => ({ op: "in", arg, list: list.map(literalOrText), t: valueType("bool") })),
      fc.tuple(tie("int"), fc.array(word, { maxLength: 4 })).map(([arg, list]): Expr => ({
        op: "in",
        arg,
        list: list.map((v): Expr => ({ op: "lit", value: v, t: valueType("int", v >= 1n << 63n) })),
        t: valueType("bool"),
      })),
      fc.constantFrom(literal(true), literal(false), { op: "lit", value: null, t: valueType("bool") } as Expr),
    ),
  };
});

/** Expressions that no rule types are numbers: what was to be an address is one of a number. */
function typedIp(e: Expr): Expr {
  return e.t.type === "ip" ? e : call("ip")(e);
}

/** As the checker leaves it where it cannot complain: a parameter of type string, bound. */
function literalOrText(text: string): Expr {
  return text.includes(" ") || text.includes("ffff:") ? literal(text) : addressLiteral(text);
}

function cells(column: Column, n: number): (bigint | string | null)[] {
  return Array.from({ length: n }, (_, i) => {
    const cell = cellAt(column, i);
    return cell === null || typeof cell === "string" ? cell : BigInt(cell as number | bigint);
  });
}

const RUNS = { numRuns: 150 };

Deno.test("values computed in the kernel are those computed here, for random expressions and edge values", () => {
  if (!hasCapability(CAP.BPF)) return skip("CAP_BPF is missing");
  let ran = 0;
  fc.assert(
    fc.property(
      fc.array(fc.oneof(int, bool, ip), { minLength: 1, maxLength: 3 }),
      fc.array(row, { minLength: 1, maxLength: 8 }),
      (exprs, rows) => {
        const { batch: result } = inKernelIfItFits(spec(exprs, null), rows);
        ran++;
        assert.equal(result.length, rows.length);
        const here = inTypeScript(rows);
        exprs.forEach((e, i) => {
          const want = cells(compileExpr(e, FIELDS)(here), rows.length);
          assert.deepEqual(cells(result.columns[i], rows.length), want, exprText(e));
        });
      },
    ),
    RUNS,
  );
  assert.ok(ran >= RUNS.numRuns / 2, `only ${ran} expressions fitted`);
});

Deno.test("filters in the kernel let the same events pass as filters here, null included", () => {
  if (!hasCapability(CAP.BPF)) return skip("CAP_BPF is missing");
  fc.assert(
    fc.property(bool, fc.array(row, { minLength: 1, maxLength: 8 }), (filter, rows) => {
      const { sent } = inKernelIfItFits(spec([], filter), rows);
      const passed = compileFilter(filter, FIELDS)(inTypeScript(rows));
      assert.deepEqual(sent.flatMap((s, i) => s ? [i] : []), [...passed], exprText(filter));
    }),
    RUNS,
  );
});

Deno.test("texts compare in the kernel as they do here", () => {
  if (!hasCapability(CAP.BPF)) return skip("CAP_BPF is missing");
  const own = Deno.readTextFileSync("/proc/thread-self/comm").trimEnd();
  const comm = fieldRef("comm", "string");
  const field: Field = { name: "comm", type: "string", unit: null };
  const here: Batch = {
    length: 1,
    fields: [field],
    columns: [{ kind: "string", codes: new Int32Array(1), dict: [own] }],
  };
  const words = [
    "",
    "d",
    own,
    own.slice(0, -1),
    `${own}x`,
    "x".repeat(15),
    "x".repeat(16),
    "x".repeat(40),
    "é",
    `${own}\0`,
  ];
  const tests = words.flatMap((w): Expr[] => [
    binary("==")(comm, literal(w)),
    binary("!=")(comm, literal(w)),
    binary("==")(literal(w), comm),
    binary("like")(comm, literal(w)),
    binary("like")(comm, literal(`${w}%`)),
    { op: "in", arg: comm, list: [literal("init"), literal(w)], t: valueType("bool") },
  ]);
  for (const e of tests) {
    const { batch } = inKernel(spec([e], null), [[]]);
    assert.deepEqual(cells(batch.columns[0], 1), cells(compileExpr(e, [field])(here), 1), exprText(e));
  }
  assert.throws(() => inKernel(spec([], binary("like")(comm, literal("%x"))), [[]]), /like patterns/);
});
