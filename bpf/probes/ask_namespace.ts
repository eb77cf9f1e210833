import { Assembler, HELPER, link } from "../asm/mod.ts";
import { type Btf, KIND, memberPath } from "../btf/mod.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import { loadProgram, testRun } from "../kernel/program.ts";

/**
 * Runs two small programs in the kernel, as our own task: how deep our pid namespace lies, and our number in the
 * initial one. Nothing outside the kernel tells either from the inside of a container.
 *
 * @throws {SysError} where programs cannot be loaded or run (before Linux 5.10)
 */
export function askNamespace(btf: Btf): { readonly level: number; readonly tgid: number } {
  const path = memberPath(btf, btf.find("task_struct", KIND.STRUCT), ["thread_pid", "level"]);
  if ("error" in path) throw new CannotGenerate(`our pid namespace cannot be found: ${path.error}`);
  const tgid = new Assembler().call(HELPER.get_current_pid_tgid).alu("rsh", 0, 32).exit();
  const [toPid, toLevel] = path.offsets;
  const level = new Assembler().call(HELPER.get_current_task)
    .movReg(3, 0).alu("add", 3, toPid).constant(2, 8).movReg(1, 10).alu("add", 1, -8).storeImm(8, 10, -8, 0)
    .call(HELPER.probe_read_kernel)
    .load(8, 3, 10, -8).alu("add", 3, toLevel).constant(2, 4).movReg(1, 10).alu("add", 1, -8).storeImm(8, 10, -8, 0)
    .call(HELPER.probe_read_kernel)
    .load(4, 0, 10, -8).exit();
  return { level: run(level, "level"), tgid: run(tgid, "tgid") };
}

function run(a: Assembler, name: string): number {
  using program = loadProgram({
    name: `sonde_${name}`,
    type: "raw_tracepoint",
    code: link(a.insns, () => -1),
  });
  return testRun(program.fd);
}
