import assert from "node:assert/strict";

Deno.test({
  name: "importing mod.ts does nothing and needs no permission",
  permissions: { read: false, ffi: false, run: false, env: false, net: false, write: false, sys: false },
  fn: async () => {
    assert.equal(typeof (await import("./mod.ts")).openHost, "function");
  },
});
