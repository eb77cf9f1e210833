import { syscallName, syscallNames, syscallNumber } from "../../host/mod.ts";
import { CALLS } from "./calls.ts";
import { addressArgument, type Kind, RESULT } from "./_decoding.ts";
import { kindNamed } from "./_kinds.ts";
import { type ResultKind, resultNamed } from "./_result.ts";

/** How one system call is shown. */
export interface CallSpec {
  /** Its name and the parenthesis. */
  readonly open: string;
  readonly kinds: readonly Kind[];
  /** For each argument: {@linkcode Kind}'s `ref`. */
  readonly refs: readonly number[];
  /** Whether a kind of it remembers something from entry to exit. */
  readonly remembers: boolean;
  readonly result: ResultKind | undefined;
}

/** Specs by number. */
export interface Specs {
  get(nr: number): CallSpec;
}

const lines = new Map<string, string>();

/** The specs of an architecture; each call's is made when it is first asked for. */
export function specsOf(arch: string): Specs {
  const highest = Math.max(0, ...syscallNames(arch).map((name) => syscallNumber(name, arch)!));
  const known: (CallSpec | undefined)[] = new Array(highest + 1).fill(undefined);
  return {
    get: (nr) => {
      if (nr < 0 || nr >= known.length) return parseSpec(nr < 0 ? "syscall_-1" : `syscall_${nr}`, undefined, arch);
      return known[nr] ??= parseSpec(syscallName(nr, arch), lineOf(syscallName(nr, arch)), arch);
    },
  };
}

/** What the table of calls says of a name; undefined when nothing. */
export function lineOf(name: string): string | undefined {
  if (lines.size === 0) {
    for (const line of CALLS.trim().split("\n")) {
      const colon = line.indexOf(":");
      for (const word of line.slice(0, colon).split(" ")) lines.set(word, line.slice(colon + 1).trim());
    }
  }
  return lines.get(name);
}

function parseSpec(name: string, line: string | undefined, arch: string): CallSpec {
  const [args, result] = (line ?? UNKNOWN).split("->");
  const kinds: Kind[] = [];
  const refs: number[] = [];
  for (const word of args.trim().split(/\s+/)) {
    if (word === "") continue;
    const [kind, ref] = word.replace(">", "").split(":");
    kinds.push(word.startsWith(">") ? writtenByKernel(kindNamed(kind, arch)) : kindNamed(kind, arch));
    refs.push(ref === undefined ? -1 : ref === "ret" ? RESULT : Number(ref));
  }
  return {
    open: `${name}(`,
    kinds,
    refs,
    remembers: kinds.some((k) => k.remember !== undefined),
    result: result === undefined ? undefined : resultNamed(result.trim()),
  };
}

function writtenByKernel(kind: Kind): Kind {
  return {
    late: always,
    print: (d, i, ref) => d.call.error !== 0 ? addressArgument(d, i) : kind.print(d, i, ref),
    remember: kind.remember,
  };
}

const always = (): boolean => true;
const UNKNOWN = "raw raw raw raw raw raw";
