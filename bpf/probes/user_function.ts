import type { Field } from "../../core/data/mod.ts";
import type { ProbePoint } from "../../core/query/mod.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import { USER_PROBE } from "../codegen/program.ts";
import type { Answer, Mechanism } from "../mechanisms.ts";
import { bareArgument, bareArguments, RESULT_ACCESS, RESULT_FIELD } from "./bare_arguments.ts";
import type { CodeFile } from "./code_file.ts";
import type { CodeFiles } from "./code_files.ts";
import { globOf, type Matched, type Place, type PointKind, upTo } from "./point_kind.ts";
import type { ProbeField } from "./probe_field.ts";

type Point = Extract<ProbePoint, { readonly path: string }>;

/** Functions of programs and libraries. */
export function userFunctionKind(files: CodeFiles, mechanism: (which: Mechanism) => Answer): PointKind<Point> {
  const field = (point: Point, name: string): ProbeField | null => {
    if (point.kind === "uprobe") return bareArgument(name);
    return name === "args.ret" ? { field: RESULT_FIELD, access: RESULT_ACCESS } : null;
  };
  return {
    field,
    fields(point): Field[] | null {
      if (placesOf(point, files) === null) return null;
      return point.kind === "uprobe" ? bareArguments() : [RESULT_FIELD];
    },
    places(point): readonly Place[] {
      const file = files.open(point.path);
      const offsets = offsetsOf(file, point.symbol);
      if (offsets.length === 0) throw unknown(file, point.symbol);
      return [{
        attach: {
          kind: "uprobe",
          path: file.path,
          places: offsets.map((offset) => ({ offset, semaphore: 0 })),
          returns: point.kind === "uretprobe",
          multi: uprobesAtOnce(mechanism),
        },
        guards: [],
        surroundings: USER_PROBE,
        access: (name) => field(point, name)?.access ?? null,
      }];
    },
    match(pattern, limit): Matched<Point> {
      // Every file of the machine would have to be read.
      if (!pattern) return { points: [], total: 0 };
      const names = files.open(pattern.path).names().filter(globOf(pattern.symbol));
      return upTo(names.map((symbol): Point => ({ ...pattern, symbol })), limit);
    },
  };
}

/**
 * Whether one link attaches all; else each takes a perf event of its own.
 *
 * @throws {CannotGenerate} when neither works
 */
export function uprobesAtOnce(mechanism: (which: Mechanism) => Answer): boolean {
  const many = mechanism("uprobe_multi");
  if (many.state === "yes") return true;
  // What that lacks are capabilities: one at a time takes more of them.
  if (many.missing) throw new CannotGenerate(many.reason, many.remedy);
  const answer = mechanism("uprobe");
  if (answer.state !== "yes") throw new CannotGenerate(answer.reason, answer.remedy);
  return false;
}

function placesOf(point: Point, files: CodeFiles): readonly number[] | null {
  try {
    const offsets = offsetsOf(files.open(point.path), point.symbol);
    return offsets.length > 0 ? offsets : null;
  } catch (error) {
    if (error instanceof CannotGenerate) return null;
    throw error;
  }
}

/** `name`, `name+0x10` or `0x1234`, an address as symbols have it. */
function offsetsOf(file: CodeFile, symbol: string): readonly number[] {
  const m = /^(.*?)(?:\+(0x[0-9a-fA-F]+|\d+))?$/.exec(symbol)!;
  if (isAddress(symbol)) {
    const offset = file.offsetAt(Number(symbol));
    return offset === null ? [] : [offset];
  }
  const behind = m[2] ? Number(m[2]) : 0;
  const offsets = file.offsetsOf(m[1]).map((o) => o + behind);
  return offsets.length > 0 ? offsets : file.offsetsOf(symbol);
}

function isAddress(symbol: string): boolean {
  return /^0x[0-9a-fA-F]+$/.test(symbol);
}

function unknown(file: CodeFile, symbol: string): CannotGenerate {
  if (isAddress(symbol)) {
    return new CannotGenerate(
      `nothing of "${file.path}" lies at ${symbol}`,
      "An address is written as the file's own symbols have it (nm, objdump), not as in a running process.",
    );
  }
  const none = file.names().length === 0;
  return new CannotGenerate(
    `"${file.path}" has no function "${symbol}"${none ? ": it is stripped of all names" : ""}`,
    none
      ? "Install its debug symbols, or write an address: uprobe:PATH:0x1234."
      : `\`sonde list probes 'uprobe:${file.path}:*'\` lists them.`,
  );
}
