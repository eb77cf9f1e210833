/** Checks of what JSON holds: each gives the value as what it must be, or throws with the place. */
import { FormatError } from "./format_error.ts";

/** What an object of JSON may hold. */
export type JsonObject = { readonly [key: string]: unknown };

/** @throws {FormatError} when it is no object */
export function asObject(value: unknown, place: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new FormatError("no object", place);
  return value as JsonObject;
}

/** @throws {FormatError} when it is no array */
export function asArray(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new FormatError("no array", place);
  return value;
}

/** @throws {FormatError} when it is no text */
export function asString(value: unknown, place: string): string {
  if (typeof value !== "string") throw new FormatError("no text", place);
  return value;
}

/** @throws {FormatError} when it is no number */
export function asNumber(value: unknown, place: string): number {
  if (typeof value !== "number") throw new FormatError("no number", place);
  return value;
}

/** @throws {FormatError} when it is no whole number from 0 up to but not including `limit` */
export function asIndex(value: unknown, limit: number, place: string): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) >= limit) {
    throw new FormatError(`no index below ${limit}`, place);
  }
  return value as number;
}
