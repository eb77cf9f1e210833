import type { Field } from "../../core/data/mod.ts";
import type { ProbePoint } from "../../core/query/mod.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import { USER_PROBE } from "../codegen/program.ts";
import type { Answer, Mechanism } from "../mechanisms.ts";
import { bareArgument, bareArguments, RESULT_ACCESS, RESULT_FIELD } from "./bare_arguments.ts";
import type { CodeFiles } from "./code_files.ts";
import { globOf, type Matched, type Place, type PointKind, upTo } from "./point_kind.ts";
import type { ProbeField } from "./probe_field.ts";
import { userPlaces } from "./user_places.ts";

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
      const offsets = userPlaces(file, point.symbol);
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
    return userPlaces(files.open(point.path), point.symbol);
  } catch (error) {
    if (error instanceof CannotGenerate) return null;
    throw error;
  }
}
