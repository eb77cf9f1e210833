import type { Cell } from "../../core/data/mod.ts";
import type { CallTarget } from "../../core/query/mod.ts";
import { errnoName } from "../../core/sys/mod.ts";
import { CALL_ARGUMENTS } from "../probes/call_values.ts";
import type { CallArgument } from "../probes/catalog.ts";

/** Arguments of functions of programs that are shown: how many there are, nothing tells. */
const UNTYPED_ARGUMENTS = 3;

/**
 * The arguments of a call as text: `fd=3, buf=0x7ffc0e2f5a30, count=4096`.
 *
 * @param row with `arg0`, `arg1`, …: whole registers; `text0`, … where they are texts
 * @param known in order; null when they are not known
 */
export function argumentsText(
  target: CallTarget | undefined,
  row: Readonly<Record<string, Cell>>,
  known: readonly CallArgument[] | null,
): string {
  const untyped = target?.kind === "user" ? UNTYPED_ARGUMENTS : 0;
  const shown = known?.map((a) => a.name) ?? Array.from({ length: untyped }, () => "");
  return shown.slice(0, CALL_ARGUMENTS).flatMap((name, i) => {
    const value = row[`arg${i}`];
    const text = row[`text${i}`];
    if (value === null || value === undefined) return [];
    // An engine that reads no memory has the number as a text.
    if (known?.[i].text && typeof text === "string" && text !== String(value)) {
      return [`${name}=${JSON.stringify(text)}`];
    }
    return [`${name || `arg${i}`}=${valueText(BigInt.asUintN(64, BigInt(value as number | bigint)))}`];
  }).join(", ");
}

/** What a call answered: of an error its name. */
export function resultText(result: Cell, error: number): string {
  if (error !== 0) return errnoName(error);
  if (result === null || result === undefined) return "";
  const value = BigInt.asUintN(64, BigInt(result as number | bigint));
  return valueText(value);
}

/** A register of which only the bits are known: small numbers as such, also negative ones, else in hexadecimal. */
function valueText(v: bigint): string {
  const NEAR = 1n << 12n;
  if (v >= (1n << 64n) - NEAR) return String(BigInt.asIntN(64, v));
  // An int whose upper half the caller need not have set.
  if (v < 1n << 32n && v >= (1n << 32n) - NEAR) return String(BigInt.asIntN(32, v));
  return v < 1n << 32n ? String(v) : `0x${v.toString(16)}`;
}
