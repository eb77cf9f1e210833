import { Assembler, link } from "../../bpf/asm/mod.ts";
import { KIND } from "../../bpf/btf/mod.ts";
import { ATTACH_TYPE } from "../../bpf/kernel/commands.ts";
import { loadProgram } from "../../bpf/kernel/program.ts";
import { VerifierError } from "../../bpf/kernel/verifier_error.ts";
import { works } from "../../bpf/mechanisms.ts";
import { type FunctionType, openKernelTypes } from "../../bpf/probes/kernel_types.ts";
import { trampolineReads } from "../../bpf/probes/trampoline_arguments.ts";
import { field, quality, type Results, tableFromRows, UnsupportedError } from "../../core/data/mod.ts";
import { SysError } from "../../core/sys/mod.ts";
import type { SmokeCase } from "./smoke_case.ts";

/** Functions that are tried, evenly chosen of all. Each is loaded twice, which in an emulated guest takes a while. */
const FUNCTIONS = 150;
/** Arguments that are read of each. */
const ARGUMENTS = 6;
/** Of each there is one at least: the address of a number, of an address, of a function, of const void. */
const ALSO = ["vfs_read", "vfs_getxattr", "single_open", "memchr_inv", "do_sys_openat2"];

/** What we hold a trampoline's program to be allowed to read of kernel functions is what the verifier lets it read. */
export const TRAMPOLINE_CASE: SmokeCase = {
  name: "arguments that trampolines read",
  kind: "fentry",
  engine: "bpf",
  recipe: () => "",
  work: () => Promise.resolve(),
  measure: (_, { host }): Promise<Results> => {
    if (!works("fentry", host)) throw new UnsupportedError("fentry does not work here", "");
    using types = openKernelTypes(host);
    const names = types.names("", KIND.FUNC);
    const step = Math.max(1, Math.floor(names.length / FUNCTIONS));
    const rows = [...ALSO, ...names.filter((_, i) => i % step === 0)].flatMap((symbol) => {
      const type = types.ofFunction(symbol);
      // Functions of modules, those with structs by value, and those that take no trampoline at all.
      if (!type || type.module !== null || takesStructs(type) || !loads(type.id, 0)) return [];
      const expected = trampolineReads(type, ARGUMENTS, (which) => works(which, host));
      const allowed = loads(type.id, Math.min(ARGUMENTS, type.params.length));
      return [[symbol, expected, allowed]];
    });
    const fields = [field("function", "string"), field("expected", "bool"), field("allowed", "bool")];
    return Promise.resolve({ functions: tableFromRows(fields, rows, quality()) });
  },
  problem(rows) {
    if (rows.length < FUNCTIONS / 3) return `only ${rows.length} functions could be tried`;
    if (!rows.some((r) => r.allowed)) return "no function was allowed";
    const wrong = rows.filter((r) => r.expected !== r.allowed);
    return wrong.length === 0
      ? null
      : `not as the verifier has it: ${wrong.map((r) => `${r.function} (allowed: ${r.allowed})`).join(", ")}`;
  },
};

function takesStructs({ params, types }: FunctionType): boolean {
  return params.some(({ type }) => [KIND.STRUCT, KIND.UNION].some((kind) => types.kind(types.resolve(type)) === kind));
}

/** Whether a program that reads the first arguments of a function can be loaded. */
function loads(attachBtfId: number, count: number): boolean {
  const code = new Assembler();
  for (let i = 0; i < count; i++) code.load(8, 0, 1, 8 * i);
  const image = { name: "sonde_test", code: link(code.constant(0, 0).exit().insns, () => -1) };
  try {
    using _ = loadProgram({ ...image, type: "tracing", attachType: ATTACH_TYPE.TRACE_FENTRY, attachBtfId });
    return true;
  } catch (error) {
    const refused = error instanceof VerifierError ||
      error instanceof SysError && /^(EINVAL|ENOENT|E?524)$/.test(error.code);
    if (refused) return false;
    throw error;
  }
}
