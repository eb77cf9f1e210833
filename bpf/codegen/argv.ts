import { HELPER, type Label } from "../asm/mod.ts";
import { ARGV_BYTES } from "./access.ts";
import { emitCount, FP, type Gen } from "./gen.ts";
import { emitAccess } from "./read_access.ts";

/**
 * Reads the arguments of the current process as they lie in its memory, a NUL after each, and leaves their length in
 * r0: more than 0, at most `ARGV_BYTES`. Longer ones are cut and counted. Right after exec the pages are there.
 */
export function emitArgv(g: Gen, destination: (reg: 1) => void, onNull: Label): void {
  const { a, frame } = g;
  frame.withSlot((start) =>
    frame.withSlot((length) => {
      const fits = a.label("fits");
      emitAccess(g, g.access("task.mm.arg_end"), onNull, "argv()");
      a.store(8, FP, length, 0);
      emitAccess(g, g.access("task.mm.arg_start"), onNull, "argv()");
      a.store(8, FP, start, 0).load(8, 1, FP, length).alu("sub", 1, { r: 0 });
      a.jump("sle", 1, 0, onNull).store(8, FP, length, 1).jump("le", 1, ARGV_BYTES, fits);
      emitCount(g, "truncated");
      a.storeImm(8, FP, length, ARGV_BYTES).mark(fits);
      destination(1);
      // The verifier forgets what it knew about a value that was kept in memory: compare again.
      a.load(8, 2, FP, length).jump("gt", 2, ARGV_BYTES, onNull).load(8, 3, FP, start).call(HELPER.probe_read_user);
      a.jump("ne", 0, 0, onNull).load(8, 0, FP, length).jump("gt", 0, ARGV_BYTES, onNull);
    })
  );
}
