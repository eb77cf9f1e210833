import { bytesAddress } from "./address.ts";
import { NR } from "./arch/mod.ts";
import { cString } from "./file.ts";
import { check } from "./sys_error.ts";
import { call } from "./syscall.ts";

/**
 * Replaces this process by another program, as execve(2) does: the pid, standard streams, terminal and working
 * directory stay; every other thread and all memory are gone. Does not return.
 *
 * @param path of the program; not searched for in PATH
 * @param args all of them, the program's own name first
 * @throws {SysError} when the kernel refuses (ENOENT, EACCES, E2BIG, …)
 * @throws {TypeError} when a text holds a NUL
 */
export function exec(path: string, args: readonly string[], env: Readonly<Record<string, string>>): never {
  const program = cString(path);
  const argv = vector(args);
  const envp = vector(Object.entries(env).map(([name, value]) => `${name}=${value}`));
  const addresses = [program, argv.pointers, envp.pointers].map(bytesAddress);
  const keep = [program, argv.pointers, envp.pointers, ...argv.texts, ...envp.texts];
  check(call(NR.execve, addresses, keep), "execve", path);
  throw new Error("execve returned"); // it does not where it succeeds
}

/** A list of texts as C has it: pointers, then a null pointer. */
function vector(list: readonly string[]): { pointers: BigUint64Array; texts: Uint8Array[] } {
  const texts = list.map(cString);
  return { pointers: BigUint64Array.from([...texts.map(bytesAddress), 0n]), texts };
}
