import assert from "node:assert/strict";
import { openHost } from "../../core/host/mod.ts";
import { skip } from "../../tests/skip.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import type { KernelFunctions } from "./kernel_functions.ts";
import { kernelFunctionKind } from "./kernel_function.ts";
import { openKernelTypes } from "./kernel_types.ts";

/** A kernel where everything can be attached to, with one function that its type information does not know. */
const FUNCTIONS: KernelFunctions = {
  has: (name) => ["vfs_read", "without_types"].includes(name),
  names: () => ["vfs_read", "without_types"],
};

Deno.test("a function without type information: bare arguments for kprobe, a refusal with the way out for fentry", () => {
  const host = openHost();
  if (!host.features().btf) return skip("the kernel has no BTF");
  using types = openKernelTypes(host);
  const kind = kernelFunctionKind(types, FUNCTIONS, () => ({ state: "yes" }));
  const names = (point: Parameters<typeof kind.places>[0]): string[] | undefined =>
    kind.fields(point)?.map((f) => f.name);

  assert.deepEqual(names({ kind: "kprobe", symbol: "vfs_read" }), ["args.file", "args.buf", "args.count", "args.pos"]);
  assert.ok(names({ kind: "kprobe", symbol: "without_types" })?.includes("args.0"));
  assert.deepEqual(names({ kind: "fentry", symbol: "without_types" }), []);
  assert.equal(kind.field({ kind: "kprobe", symbol: "without_types" }, "args.file"), null);
  assert.equal(kind.places({ kind: "kprobe", symbol: "without_types" }, []).length, 1);

  const refused = (work: () => unknown): CannotGenerate => {
    try {
      work();
    } catch (error) {
      assert.ok(error instanceof CannotGenerate, String(error));
      return error;
    }
    assert.fail("it was taken");
  };
  const untyped = refused(() => kind.places({ kind: "fentry", symbol: "without_types" }, []));
  assert.match(untyped.message, /type information has no function "without_types"/);
  assert.match(untyped.remedy, /Use kprobe: and args\.0/);
  const absent = refused(() => kind.places({ kind: "kprobe", symbol: "no_such_function" }, []));
  assert.match(absent.message, /the kernel has no function "no_such_function"/);
  assert.match(absent.remedy, /sonde list probes/);
});
