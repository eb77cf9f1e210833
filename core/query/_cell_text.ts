import { type Cell, type FieldType } from "../data/mod.ts";

/** A cell as a name or label: exact, without a unit. Null is `null`. */
export function cellText(cell: Cell, type: FieldType): string {
  if (cell === null) return "null";
  if (type === "bool") return cell ? "true" : "false";
  if (type === "address") return `0x${BigInt.asUintN(64, BigInt(cell as number | bigint)).toString(16)}`;
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}
