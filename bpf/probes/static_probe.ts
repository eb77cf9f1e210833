import type { Field } from "../../core/data/mod.ts";
import type { ProbePoint } from "../../core/query/mod.ts";
import { PT_REGS } from "../../core/sys/arch/pt_regs.ts";
import type { StaticProbe } from "../../core/symbols/mod.ts";
import type { Access } from "../codegen/access.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import { USER_PROBE } from "../codegen/program.ts";
import type { Answer, Mechanism } from "../mechanisms.ts";
import type { CodeFile } from "./code_file.ts";
import type { CodeFiles } from "./code_files.ts";
import { globOf, type Matched, type Place, type PointKind, upTo } from "./point_kind.ts";
import type { ProbeField } from "./probe_field.ts";
import { uprobesAtOnce } from "./user_function.ts";

type Point = Extract<ProbePoint, { readonly path: string }>;

/** One argument of a USDT probe: how it is read, and its type. */
export interface StaticArgument {
  readonly access: Access;
  readonly signed: boolean;
  /** Its length; 8 may be an address. */
  readonly bytes: number;
}

/** USDT probes: no-operations in a program, with notes on where their arguments are. */
export function staticProbeKind(files: CodeFiles, mechanism: (which: Mechanism) => Answer): PointKind<Point> {
  const all = (point: Point): { file: CodeFile; probes: readonly StaticProbe[] } => {
    const file = files.open(point.path);
    const matches = matcherOf(point.symbol);
    return { file, probes: file.staticProbes().filter(matches) };
  };
  const argument = (probe: StaticProbe, name: string): ProbeField | null => {
    const m = /^args\.(\d+)$/.exec(name);
    const found = m && staticArguments(probe.arguments)[Number(m[1])];
    if (!found) return null;
    const bare = found.bytes === 8 ? { bare: true } : {};
    const field: Field = { name, type: "int", unit: null, ...bare, doc: `argument ${m[1]}` };
    return { field: found.signed ? field : { ...field, unsigned: true }, access: found.access };
  };
  return {
    field: (point, name) => {
      const [first] = all(point).probes;
      return first ? argument(first, name) : null;
    },
    fields(point): Field[] | null {
      try {
        const [first] = all(point).probes;
        if (!first) return null;
        return staticArguments(first.arguments).flatMap((_, i) => argument(first, `args.${i}`)?.field ?? []);
      } catch (error) {
        if (error instanceof CannotGenerate) return null;
        throw error;
      }
    },
    places(point): readonly Place[] {
      const { file, probes } = all(point);
      if (probes.length === 0) {
        throw new CannotGenerate(
          `"${file.path}" has no USDT probe "${point.symbol}"`,
          file.staticProbes().length === 0
            ? "It has none at all: it was built without them."
            : `\`sonde list probes 'usdt:${file.path}:*'\` lists them.`,
        );
      }
      return probes.map((probe): Place => ({
        attach: {
          kind: "uprobe",
          path: file.path,
          places: [{ offset: probe.offset, semaphore: probe.semaphore }],
          returns: false,
          multi: uprobesAtOnce(mechanism),
        },
        guards: [],
        surroundings: USER_PROBE,
        access: (name) => argument(probe, name)?.access ?? null,
      }));
    },
    match(pattern, limit): Matched<Point> {
      if (!pattern) return { points: [], total: 0 };
      const names = all(pattern).probes.map((p) => `${p.provider}:${p.name}`);
      return upTo([...new Set(names)].sort().map((symbol): Point => ({ ...pattern, symbol })), limit);
    },
  };
}

/** `provider:name`, or the name alone; both may be patterns. */
function matcherOf(symbol: string): (probe: StaticProbe) => boolean {
  const [first, ...rest] = symbol.split(":");
  const provider = rest.length > 0 ? globOf(first) : (): boolean => true;
  const name = globOf(rest.length > 0 ? rest.join(":") : first);
  return (probe) => provider(probe.provider) && name(probe.name);
}

/**
 * Reads the arguments of a USDT probe, `SIZE@OPERAND` each; a negative size is a signed number. On x86-64 an operand is
 * `$5`, `%eax`, `-24(%rbp)`, `(%rax,%rbx,8)`; on aarch64 `5`, `x0`, `[sp, 8]`. What is written otherwise (an address of
 * the program's own data) is null: it cannot be read.
 */
export function staticArguments(text: string): (StaticArgument | null)[] {
  const words = text.match(/-?\d+@(?:\[[^\]]*\]|\S+)/g) ?? [];
  return words.map((word) => {
    const at = word.indexOf("@");
    const size = Number(word.slice(0, at));
    const width = Math.abs(size);
    if (width !== 1 && width !== 2 && width !== 4 && width !== 8) return null;
    const access = operand(word.slice(at + 1), width, size < 0);
    return access && { access, signed: size < 0, bytes: width };
  });
}

const NUMBER = String.raw`-?(?:0x[0-9a-fA-F]+|\d+)`;
const X64_MEMORY = new RegExp(`^(${NUMBER})?\\(%(\\w+)(?:,%(\\w+)(?:,([1248]))?)?\\)$`);
const ARM64_MEMORY = new RegExp(`^\\[\\s*(\\w+)\\s*(?:,\\s*#?(${NUMBER}))?\\s*\\]$`);

function operand(text: string, width: 1 | 2 | 4 | 8, signed: boolean): Access | null {
  const constant = new RegExp(`^\\$?(${NUMBER})$`).exec(text);
  if (constant) return { kind: "constant", value: parse(constant[1]) };
  const register = PT_REGS.named.get(text.replace(/^%/, ""));
  if (register) return { kind: "context", offset: register.offset, width: narrower(width, register.width), signed };
  const x64 = X64_MEMORY.exec(text);
  const arm64 = x64 ? null : ARM64_MEMORY.exec(text);
  const base = PT_REGS.named.get(x64?.[2] ?? arm64?.[1] ?? "");
  if (!base || base.width !== 8) return null;
  const index = x64?.[3] ? PT_REGS.named.get(x64[3]) : undefined;
  if (x64?.[3] && !index) return null;
  return {
    kind: "user_memory",
    base: base.offset,
    index: index ? { offset: index.offset, scale: Number(x64?.[4] ?? 1) } : null,
    distance: parse(x64?.[1] ?? arm64?.[2] ?? "0"),
    width,
    signed,
  };
}

function parse(text: string): bigint {
  return text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
}

function narrower(a: 1 | 2 | 4 | 8, b: 1 | 2 | 4 | 8): 1 | 2 | 4 | 8 {
  return a < b ? a : b;
}
