import type { Host } from "../../core/host/mod.ts";
import { type Btf, KIND, leafOf, memberPath, type OpenBtf, openBtf, typeText } from "../btf/mod.ts";
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
  /** A member reached from the current task. @throws {CannotGenerate} when the path leads nowhere */
  ofTask(name: string, path: readonly string[]): ProbeField & { readonly access: MemberAccess };
  /** Argument `index` of a raw tracepoint, or a member reached from it; null when it is no single value. */
  ofArgument(name: string, index: number, type: number, path: readonly string[]): ProbeField | null;
}

/** Bytes of an argument in a raw tracepoint's context (include/trace/bpf_probe.h: each is cast to a u64). */
const ARGUMENT_BYTES = 8;

export function openKernelTypes(host: Host): KernelTypes {
  let opened: OpenBtf | null | undefined;
  const args = new Map<string, RawArguments | null>();

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
  ): ProbeField & { readonly access: MemberAccess } => {
    const found = memberPath(btf(), from, path);
    if ("error" in found) throw new CannotGenerate(`${name}: ${found.error}`);
    const access = { kind: "member", base, offsets: found.offsets, leaf: found.leaf } as const;
    return { field: leafField(name, found.leaf, found.typeText), access };
  };

  return {
    btf,
    btfOrNull,
    arguments(tracepoint) {
      let found = args.get(tracepoint);
      if (found === undefined) {
        const types = btfOrNull();
        args.set(tracepoint, found = types ? rawArguments(types, tracepoint) : null);
      }
      return found;
    },
    ofTask: (name, path) => member(name, btf().find("task_struct", KIND.STRUCT), "task", path),
    ofArgument(name, index, type, path) {
      const offset = index * ARGUMENT_BYTES;
      if (path.length > 0) return member(name, type, offset, path);
      const leaf = leafOf(btf(), type);
      if (!leaf || leaf.kind === "chars") return null;
      const width = leaf.kind === "pointer" ? 8 : leaf.width;
      const access: Access = { kind: "context", offset, width, signed: leaf.kind === "int" && leaf.signed };
      return { field: leafField(name, leaf, typeText(btf(), type)), access };
    },
    [Symbol.dispose](): void {
      opened?.[Symbol.dispose]();
      opened = undefined;
      args.clear();
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
