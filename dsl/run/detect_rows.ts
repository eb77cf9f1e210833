import { type Batch, type Column, type Field, field } from "../../core/data/mod.ts";
import { aggregateType, compileExpr, type Expr, fieldOf, isProblem, type ValueType } from "../../core/query/mod.ts";
import { groupRows } from "../../core/query/group_rows.ts";
import { detectAnomalies, type DetectMethod } from "../../core/stats/detect.ts";

/** What `detect` looks at. */
export interface DetectSpec {
  readonly value: Expr;
  readonly method: DetectMethod;
  /** In standard deviations, above 0. */
  readonly threshold: number;
  /** Each combination of their values is a series of its own. */
  readonly keys: readonly Expr[];
}

/**
 * The columns that `detect` adds: `expected` of the type that a mean of the value has, `score` in standard deviations,
 * `anomaly`.
 *
 * @throws {TypeError} when the value is no amount
 */
export function detectFields(value: ValueType): readonly Field[] {
  const mean = aggregateType("avg", [value]);
  if (isProblem(mean)) throw new TypeError(mean.error);
  return [fieldOf("expected", mean), field("score", "float"), field("anomaly", "bool")];
}

/**
 * `detect`: the same rows in their order, with {@linkcode detectFields}. Series are looked at in the order of their
 * rows. A column of the input with one of these names is replaced in its place. Rows without a finite value have neither
 * expected value nor score and are no anomaly.
 */
export function detectRows(batch: Batch, spec: DetectSpec): Batch {
  const fields = detectFields(spec.value.t);
  const values = doublesOf(compileExpr(spec.value, batch.fields)(batch), batch.length);
  const expected = new Float64Array(batch.length), score = new Float64Array(batch.length);
  const anomaly = new Float64Array(batch.length);
  for (const rows of groupRows(batch, spec.keys)) {
    const found = detectAnomalies(Float64Array.from(rows, (row) => values[row]), spec.method, spec.threshold);
    for (let i = 0; i < rows.length; i++) {
      expected[rows[i]] = found.expected[i];
      score[rows[i]] = found.score[i];
      anomaly[rows[i]] = found.anomaly[i];
    }
  }
  const whole = fields[0].type === "duration" || fields[0].type === "bytes";
  const columns: Column[] = [
    nullable(whole ? expected.map(Math.round) : expected),
    nullable(score),
    { kind: "number", values: anomaly },
  ];
  return fields.reduce((out, f, i) => withColumn(out, f, columns[i]), batch);
}

/** The values as doubles, NaN for null. */
function doublesOf(column: Column, rows: number): Float64Array {
  if (column.kind !== "number" && column.kind !== "big") {
    throw new TypeError(`a ${column.kind} column has no anomalies`);
  }
  const { values, nulls } = column;
  return Float64Array.from({ length: rows }, (_, i) => nulls?.[i] ? NaN : Number(values[i]));
}

/** NaN becomes null. */
function nullable(values: Float64Array): Column {
  if (!values.some(Number.isNaN)) return { kind: "number", values };
  return { kind: "number", values, nulls: Uint8Array.from(values, (v) => Number.isNaN(v) ? 1 : 0) };
}

function withColumn(batch: Batch, f: Field, column: Column): Batch {
  const at = batch.fields.findIndex((known) => known.name === f.name);
  return at < 0
    ? { length: batch.length, fields: [...batch.fields, f], columns: [...batch.columns, column] }
    : { length: batch.length, fields: batch.fields.with(at, f), columns: batch.columns.with(at, column) };
}
