import { type Json, resultFromJson, type Results, UsageError } from "../data/mod.ts";
import { decodeLines, isCompressed } from "./_lines.ts";
import type { RecordedCall, Recording } from "./recording.ts";

/**
 * Reads a recording. A last line that was cut is left out (`truncated`); anything else that is wrong is an error.
 *
 * @throws {UsageError} when the file is no recording, of another version, or broken before its end
 * @throws {Deno.errors.NotFound} and other errors of reading the file
 */
export async function readRecording(path: string): Promise<Recording> {
  return await parseRecording(await Deno.readFile(path), path);
}

/**
 * {@linkcode readRecording} for bytes already in memory.
 *
 * @param path what to call it in messages; `.zst` at its end says that it is compressed
 */
export async function parseRecording(bytes: Uint8Array, path: string): Promise<Recording> {
  const { check, recordingHeaderSchema, recordingLineSchema } = await import("../data/schemas/mod.ts");
  const { lines, cut } = linesOf(bytes, path);
  if (lines.length === 0) throw new UsageError(`${path} is no recording: it has no whole line`);
  const header = check(recordingHeaderSchema, jsonOf(lines[0], 1, path));
  if (!header.ok) {
    throw new UsageError(
      `${path} is no recording of this version: ${header.problem}`,
      "`diagnose --record` writes one",
    );
  }
  const calls: RecordedCall[] = [];
  let diagnosis: Recording["diagnosis"] = null;
  for (let i = 1; i < lines.length; i++) {
    const line = check(recordingLineSchema, jsonOf(lines[i], i + 1, path));
    if (!line.ok) throw new UsageError(`${path}:${i + 1}: ${line.problem}`);
    if (line.value.kind === "diagnosis") diagnosis = line.value.diagnosis;
    else {
      const { record, results } = line.value;
      calls.push({ record, results: results === null ? null : resultsFromJson(results) });
    }
  }
  const { version, machine, asked, created } = header.value;
  return { header: { version, machine, ...(asked ? { asked } : {}), created }, calls, diagnosis, truncated: cut };
}

function linesOf(bytes: Uint8Array, path: string): { lines: string[]; cut: boolean } {
  try {
    return decodeLines(bytes, isCompressed(path));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

function jsonOf(line: string, number: number, path: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new UsageError(`${path}:${number} is no JSON: ${(error as Error).message.slice(0, 200)}`);
  }
}

function resultsFromJson(results: { readonly [name: string]: unknown }): Results {
  return Object.fromEntries(
    Object.entries(results).map(([name, r]) => [name, resultFromJson(r as { readonly [key: string]: Json })]),
  );
}
