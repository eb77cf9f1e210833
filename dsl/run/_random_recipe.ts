/** For tests: pipelines as text, made from a list of choices. Shorter lists and smaller numbers make simpler ones. */

/** Takes the next choice: a number below `options`; 0 when there are none left. */
export type Choose = (options: number) => number;

/** Choices from numbers in their order. */
export function chooser(numbers: readonly number[]): Choose {
  let at = 0;
  return (options) => (numbers[at++] ?? 0) % options;
}

/** What an expression of the recipe can be. `other` columns are only passed on. */
type Kind = "int" | "bytes" | "duration" | "string" | "float" | "bool" | "id" | "other";

interface Column {
  readonly name: string;
  readonly kind: Kind;
}

/** Fields of the events that the recipes are about. */
const COLUMNS: readonly Column[] = [
  { name: "sector", kind: "int" },
  { name: "cpu", kind: "int" },
  { name: "bytes", kind: "bytes" },
  { name: "ktime", kind: "duration" },
  { name: "comm", kind: "string" },
  { name: "container", kind: "string" },
  { name: "pid", kind: "id" },
  { name: "ptr", kind: "other" },
  { name: "time", kind: "other" },
];

const LITERALS: Readonly<Record<Exclude<Kind, "other">, readonly string[]>> = {
  int: ["1", "0", "7", "-3", "9007199254740993", "4611686018427387904"],
  bytes: ["4KiB", "0B", "1MiB"],
  duration: ["1ms", "0s", "3us"],
  string: ['"a"', '""', '"/tmp/Ab"', '"%b"'],
  float: ["1.5", "0.0", "1000000.0"],
  bool: ["true", "false"],
  id: ["1", "0"],
};

const COMPARISONS = ["==", "<", "!=", ">=", ">", "<="] as const;
const KINDS = ["int", "string", "bytes", "duration", "float", "id"] as const;

/** Stages behind one another, over the fields of `tracepoint:block:block_rq_issue`. */
export function randomStages(choose: Choose): string {
  let columns = COLUMNS;
  let names = 0;
  let limited = false;
  const fresh = (): string => `c${++names}`;
  const one = <T>(list: readonly T[]): T => list[choose(list.length)];
  const times = (most: number, make: () => string): string => Array.from({ length: 1 + choose(most) }, make).join(", ");

  const leaf = (kind: Exclude<Kind, "other">): string => {
    const known = columns.filter((c) => c.kind === kind).map((c) => c.name);
    return one([...known, ...(known.length > 1 ? known : []), ...LITERALS[kind]]);
  };
  const value = (kind: Exclude<Kind, "other">, depth: number): string => {
    const e = (k: Exclude<Kind, "other">): string => value(k, depth - 1);
    const shape = depth <= 0 ? 0 : choose(10);
    if (shape < 4) return leaf(kind);
    if (shape === 4 && kind !== "id") return `coalesce(${e(kind)}, ${leaf(kind)})`;
    if (shape === 5 && kind !== "id") return `if(${e("bool")}, ${e(kind)}, ${e(kind)})`;
    switch (kind) {
      case "int":
        return one([
          () => `(${e("int")} ${one(["+", "-", "*", "%", "&", "|", "^"])} ${e("int")})`,
          () => `div(${e("int")}, ${leaf("int")})`,
          () => `abs(${e("int")})`,
          () => `(${e("int")} ${one(["<<", ">>"])} ${one(["1", "3", "60"])})`,
          () => `len(${e("string")})`,
          () => `${one(["least", "greatest"])}(${e("int")}, ${e("int")})`,
          () => `${one(["floor", "round", "ceil"])}(${e("float")})`,
          () => `-(${e("int")})`,
        ])();
      case "bytes":
      case "duration":
        return one([
          () => `(${e(kind)} ${one(["+", "-"])} ${e(kind)})`,
          () => `(${e(kind)} * ${leaf("int")})`,
          () => `div(${e(kind)}, ${leaf("int")})`,
          () => `greatest(${e(kind)}, ${e(kind)})`,
        ])();
      case "float":
        return one([
          () => `float(${e("int")})`,
          () => `(${e("float")} ${one(["+", "-", "*", "/"])} ${e("float")})`,
          () => `log2(${e("int")})`,
          () => `float(${e("duration")})`,
        ])();
      case "string":
        return one([
          () => `${one(["lower", "upper", "basename", "dirname"])}(${e("string")})`,
          () => `str(${e("int")})`,
        ])();
      case "bool":
        return condition(depth - 1);
      case "id":
        return leaf("id");
    }
  };
  const condition = (depth: number): string => {
    const shape = depth <= 0 ? choose(3) : choose(9);
    const kind = one(KINDS);
    if (shape <= 2) return `${value(kind, depth)} ${one(COMPARISONS)} ${value(kind, depth)}`;
    if (shape <= 4) return `(${condition(depth - 1)} and ${condition(depth - 1)})`;
    if (shape === 5) return `(${condition(depth - 1)} or ${condition(depth - 1)})`;
    if (shape === 6) return `not (${condition(depth - 1)})`;
    return one([
      () => `is_null(${value(kind, depth - 1)})`,
      () => `${value("string", depth - 1)} like ${one(['"%a%"', '"_"', '"a%"'])}`,
      () => `${value("int", depth - 1)} in (${times(3, () => leaf("int"))})`,
      () => `${value("string", depth - 1)} in (${times(3, () => one(LITERALS.string))})`,
      () => `${value("string", depth - 1)} ~ ${one(['"^[a-c]"', '"b$"'])}`,
      () => leaf("bool"),
    ])();
  };

  const aggregation = (made: Column[]): string => {
    const name = fresh();
    const kind = one(KINDS);
    const arg = value(kind, 1);
    const amounts = kind === "id" || kind === "string" ? [] : ["sum", "avg", "stddev", "p50", "p99", "share"];
    const fn = one(["count", "min", "max", "first", "last", "distinct", "topk", ...amounts]);
    const same = ["min", "max", "first", "last", "sum", "p50", "p99"].includes(fn);
    const counts = fn === "count" || fn === "distinct";
    made.push({ name, kind: same ? kind : counts ? "int" : fn === "topk" ? "string" : "other" });
    if (fn === "count" && choose(2) === 0) return `count() as ${name}`;
    if (amounts.length > 0 && choose(8) === 7) {
      made[made.length - 1] = { name, kind: "other" };
      return one([
        `hist(${arg}) as ${name}`,
        `quantile(${arg}, 0.3) as ${name}`,
        limited ? `avg(${arg}) as ${name}` : `rate(${arg}) as ${name}`,
      ]);
    }
    return `${fn}(${arg}) as ${name}`;
  };
  const item = (made: Column[]): string => {
    if (choose(3) === 0) {
      const column = one(columns);
      const name = fresh();
      made.push({ name, kind: column.kind });
      return `${column.name} as ${name}`;
    }
    const [name, kind] = [fresh(), one(KINDS)];
    made.push({ name, kind });
    return `${value(kind, 2)} as ${name}`;
  };
  /** Columns with an order: results of aggregations may be histograms. */
  const key = (): string => {
    const known = columns.filter((c) => c.kind !== "other").map((c) => c.name);
    const text = known.length > 0 && choose(2) === 0 ? one(known) : value(one(KINDS), 1);
    return `${text}${one(["", " desc", " asc"])}`;
  };

  const stage = (): string => {
    switch (
      one([
        "filter",
        "filter",
        "filter",
        "derive",
        "aggregate",
        "aggregate",
        "select",
        "sort",
        "top",
        "limit",
        "distinct",
      ])
    ) {
      case "filter":
        return `filter ${condition(2)}`;
      case "derive": {
        const [name, kind] = [fresh(), one(KINDS)];
        const text = `derive ${name} = ${value(kind, 2)}`;
        columns = [...columns, { name, kind }];
        return text;
      }
      case "aggregate": {
        const keys: Column[] = [], made: Column[] = [];
        const by = choose(4) === 0 ? "" : ` by ${times(2, () => item(keys))}`;
        const text = `aggregate ${times(3, () => aggregation(made))}${by}`;
        columns = [...keys, ...made];
        return text;
      }
      case "select":
      case "distinct": {
        const made: Column[] = [];
        const text = `${one(["select", "distinct"])} ${times(3, () => item(made))}`;
        columns = made;
        return text;
      }
      case "sort":
        return `sort ${times(2, key)}`;
      case "top":
        return `top ${1 + choose(5)} by ${times(2, key)}`;
      default:
        limited = true;
        return `limit ${1 + choose(12)}`;
    }
  };
  return Array.from({ length: 1 + choose(5) }, () => `\n  | ${stage()}`).join("");
}
