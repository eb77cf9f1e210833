import type { Field } from "../../core/data/mod.ts";
import type { ProbePoint } from "../../core/query/mod.ts";
import { PT_REGS } from "../../core/sys/arch/pt_regs.ts";
import { KIND } from "../btf/mod.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import { PROBE } from "../codegen/program.ts";
import type { Answer, Mechanism } from "../mechanisms.ts";
import { bareArguments, bareValue, RESULT_ACCESS, RESULT_FIELD } from "./bare_arguments.ts";
import type { KernelFunctions } from "./kernel_functions.ts";
import type { FunctionType, KernelTypes } from "./kernel_types.ts";
import { globOf, type Matched, type Place, type PointKind, upTo } from "./point_kind.ts";
import type { ProbeField } from "./probe_field.ts";

type Point = Extract<ProbePoint, { kind: "kprobe" | "kretprobe" | "fentry" | "fexit" }>;

const ARGUMENT_BYTES = 8;

/** Functions of the kernel: by breakpoints (kprobe, kretprobe) or by trampolines (fentry, fexit). */
export function kernelFunctionKind(
  types: KernelTypes,
  functions: KernelFunctions,
  mechanism: (which: Mechanism) => Answer,
): PointKind<Point> {
  const byTrampoline = ({ kind }: Point): boolean => kind === "fentry" || kind === "fexit";

  const result = (
    point: Point,
    type: FunctionType | null,
    name: string,
    path: readonly string[],
  ): ProbeField | null => {
    const offset = byTrampoline(point) ? (type?.params.length ?? 0) * ARGUMENT_BYTES : PT_REGS.result;
    if (!type) {
      return path.length > 0 || byTrampoline(point) ? null : { field: RESULT_FIELD, access: RESULT_ACCESS };
    }
    return type.result === 0 ? null : types.ofContext(name, offset, type.result, path, type.types);
  };
  const field = (point: Point, name: string): ProbeField | null => {
    const [, first, ...path] = name.split(".");
    const type = types.ofFunction(point.symbol);
    const atReturn = point.kind === "kretprobe" || point.kind === "fexit";
    if (first === "ret") return atReturn ? result(point, type, name, path) : null;
    // A breakpoint at the return finds other values in the registers.
    if (point.kind === "kretprobe") return null;
    const position = /^\d+$/.test(first) ? Number(first) : null;
    const index = position ?? type?.params.findIndex((p) => p.name === first) ?? -1;
    const offset = byTrampoline(point) ? index * ARGUMENT_BYTES : PT_REGS.arguments[index];
    const param = type?.params[index];
    if (index < 0 || offset === undefined || (byTrampoline(point) && !param)) return null;
    // By its number an argument is what lies there, whatever its type; only a path needs that.
    if (position !== null && path.length === 0) return bareValue(name, offset);
    return param ? types.ofContext(name, offset, param.type, path, type!.types) : types.ofAddress(name, offset, path);
  };

  return {
    field,
    fields(point): Field[] | null {
      const type = types.ofFunction(point.symbol);
      if (!type && !functions.has(point.symbol)) return null;
      const names = type?.params.map((p) => p.name).filter(Boolean) ?? [];
      const atEntry = point.kind === "kretprobe"
        ? []
        : type
        ? names.flatMap((n) => field(point, `args.${n}`)?.field ?? [])
        : byTrampoline(point)
        ? []
        : bareArguments();
      const atReturn = point.kind === "kretprobe" || point.kind === "fexit"
        ? [field(point, "args.ret")?.field ?? []].flat()
        : [];
      return [...atEntry, ...atReturn];
    },
    places(point): readonly Place[] {
      const which: Mechanism = point.kind === "kretprobe" ? "kprobe" : point.kind;
      const answer = mechanism(which);
      if (answer.state !== "yes") throw new CannotGenerate(answer.reason, answer.remedy || ADVICE);
      const access = (name: string): ReturnType<Place["access"]> => field(point, name)?.access ?? null;
      const { symbol } = point;
      if (!byTrampoline(point)) {
        if (!functions.has(symbol)) throw unknown(symbol, functions);
        return [{
          attach: { kind: "kprobe", symbol, returns: point.kind === "kretprobe" },
          guards: [],
          surroundings: PROBE,
          access,
        }];
      }
      const type = types.ofFunction(symbol);
      if (!type) throw unknown(symbol, functions);
      return [{
        attach: { kind: "trampoline", symbol, btfId: type.id, module: type.module, exit: point.kind === "fexit" },
        guards: [],
        surroundings: PROBE,
        access,
      }];
    },
    match(pattern, limit): Matched<Point> {
      const kind = pattern?.kind ?? "kprobe";
      const matches = globOf(pattern?.symbol ?? "*");
      const names = kind === "fentry" || kind === "fexit"
        ? types.names("", KIND.FUNC).filter((n) => matches(n) && functions.has(n))
        : functions.names().filter(matches);
      return upTo(names.map((symbol): Point => ({ kind, symbol })), limit);
    },
  };
}

const ADVICE = "Use tracepoints instead: `sonde list probes` lists them.";

function unknown(symbol: string, functions: KernelFunctions): CannotGenerate {
  return functions.has(symbol)
    ? new CannotGenerate(
      `the kernel's type information has no function "${symbol}"`,
      "Use kprobe: and args.0, args.1, …",
    )
    : new CannotGenerate(`the kernel has no function "${symbol}"`, "`sonde list probes 'kprobe:*'` lists them.");
}
