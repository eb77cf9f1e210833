import type { Host } from "../../core/host/mod.ts";
import { type Btf, type BtfParam, KIND, leafOf, memberPath, type OpenBtf, openBtf, typeText } from "../btf/mod.ts";
import type { Access, MemberAccess, MemberBase } from "../codegen/access.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import { leafField } from "./leaf_field.ts";
import type { ProbeField } from "./probe_field.ts";
import { type RawArguments, rawArguments } from "./raw_arguments.ts";

/** The kernel's types as probes use them. The file is opened when first needed. */
export interface KernelTypes extends Disposable {
  /** @throws {CannotGenerate} where the kernel has no type information */
  btf(): Btf;
  btfOrNull(): Btf | null;
  /** Arguments of a raw tracepoint; null without type information, or when there is no such tracepoint. */
  arguments(tracepoint: string): RawArguments | null;
  /** A function's prototype; null without type information, or when it has none. Modules are looked through last. */
  ofFunction(symbol: string): FunctionType | null;
  /** Names of all types of a kind that begin so, in the kernel itself. */
  names(prefix: string, kind: number): string[];
  /**
   * A member reached from a number of 8 bytes in the context that is an address of the kernel's memory.
   *
   * @param path begins with a cast: nothing else says what lies there
   * @throws {CannotGenerate} when it does not, or leads nowhere
   */
  ofAddress(name: string, offset: number, path: readonly string[]): ProbeField;
  /** A member reached from the current task. @throws {CannotGenerate} when the path leads nowhere */
  ofTask(name: string, path: readonly string[], base?: MemberBase): ProbeField & { readonly access: MemberAccess };
  /** Argument `index` of a raw tracepoint, or a member reached from it; null when it is no single value. */
  ofArgument(name: string, index: number, type: number, path: readonly string[]): ProbeField | null;
  /**
   * A value at an offset of the context, or a member reached from it; null when it is no single value.
   *
   * @param types where `type` is from; the kernel's own by default
   * @throws {CannotGenerate} when the path leads nowhere
   */
  ofContext(name: string, offset: number, type: number, path: readonly string[], types?: Btf): ProbeField | null;
}

/** A function by its types. */
export interface FunctionType {
  readonly id: number;
  readonly params: readonly BtfParam[];
  /** 0 for none. */
  readonly result: number;
  /** The types that ids are of. */
  readonly types: Btf;
  /** Name of the module it lies in; null for the kernel itself. */
  readonly module: string | null;
}

/** The type of what nothing is known of. */
const VOID = 0;

/** Bytes of an argument in a raw tracepoint's context (include/trace/bpf_probe.h: each is cast to a u64). */
const ARGUMENT_BYTES = 8;

export function openKernelTypes(host: Host): KernelTypes {
  let opened: OpenBtf | null | undefined;
  let openModules: Map<string, OpenBtf> | undefined;
  const args = new Map<string, RawArguments | null>();
  const functions = new Map<string, FunctionType | null>();
  /** BTF of the modules that are loaded (since Linux 5.11), each of which goes on where the kernel's ends. */
  const modules = (base: Btf): Map<string, OpenBtf> => {
    if (openModules) return openModules;
    openModules = new Map();
    const folder = host.path("btf_modules");
    for (const { name } of exists(folder) ? Deno.readDirSync(folder) : []) {
      if (name !== "vmlinux") openModules.set(name, openBtf(`${folder}/${name}`, base));
    }
    return openModules;
  };

  const btfOrNull = (): Btf | null => {
    if (opened === undefined) {
      const path = host.path("btf_vmlinux");
      opened = exists(path) ? openBtf(path) : null;
    }
    return opened?.btf ?? null;
  };
  const btf = (): Btf => {
    const found = btfOrNull();
    if (found) return found;
    throw new CannotGenerate(
      "the kernel has no type information (BTF)",
      "Use a kernel with CONFIG_DEBUG_INFO_BTF, or fields that do not need it.",
    );
  };
  const member = (
    name: string,
    from: number,
    base: MemberBase,
    path: readonly string[],
    types: Btf = btf(),
  ): ProbeField & { readonly access: MemberAccess } => {
    const found = memberPath(types, from, path);
    if ("error" in found) throw new CannotGenerate(`${name}: ${found.error}`);
    const access = { kind: "member", base, offsets: found.offsets, leaf: found.leaf } as const;
    return { field: leafField(name, found.leaf, found.typeText), access };
  };

  const ofContext: KernelTypes["ofContext"] = (name, offset, type, path, types = btf()) => {
    if (path.length > 0) return member(name, type, offset, path, types);
    const leaf = leafOf(types, type);
    if (!leaf || leaf.kind === "chars" || leaf.kind === "ip") return null;
    const width = leaf.kind === "pointer" ? 8 : leaf.width;
    const access: Access = { kind: "context", offset, width, signed: leaf.kind === "int" && leaf.signed };
    return { field: leafField(name, leaf, typeText(types, type)), access };
  };
  const functionIn = (types: Btf, symbol: string, module: string | null): FunctionType | null => {
    const id = types.find(symbol, KIND.FUNC);
    if (id === 0) return null;
    const prototype = types.target(id);
    return { id, params: types.params(prototype), result: types.target(prototype), types, module };
  };

  return {
    btf,
    btfOrNull,
    ofFunction(symbol) {
      let found = functions.get(symbol);
      if (found !== undefined) return found;
      const own = btfOrNull();
      found = own && functionIn(own, symbol, null);
      if (own && !found) {
        for (const [name, open] of modules(own)) {
          found = functionIn(open.btf, symbol, name);
          if (found) break;
        }
      }
      functions.set(symbol, found);
      return found;
    },
    names(prefix, kind) {
      const own = btfOrNull();
      return own ? [...own.withPrefix(prefix, kind)].map((id) => own.name(id)) : [];
    },
    arguments(tracepoint) {
      let found = args.get(tracepoint);
      if (found === undefined) {
        const types = btfOrNull();
        args.set(tracepoint, found = types ? rawArguments(types, tracepoint) : null);
      }
      return found;
    },
    ofTask: (name, path, base = "task") => member(name, btf().find("task_struct", KIND.STRUCT), base, path),
    ofArgument: (name, index, type, path) => ofContext(name, index * ARGUMENT_BYTES, type, path),
    ofContext,
    ofAddress(name, offset, path) {
      if (path[0].startsWith("(")) return member(name, VOID, offset, path);
      const [first, ...rest] = path;
      const address = name.slice(0, name.length - path.join(".").length);
      throw new CannotGenerate(
        `${name}: what lies at that address, no type tells`,
        `Name its struct: ${[`${address}(STRUCT)`, first, ...rest].join(".")}`,
      );
    },
    [Symbol.dispose](): void {
      for (const open of openModules?.values() ?? []) open[Symbol.dispose]();
      openModules = undefined;
      opened?.[Symbol.dispose]();
      opened = undefined;
      args.clear();
      functions.clear();
    },
  };
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
