import assert from "node:assert/strict";
import { exec } from "./mod.ts";

const MODULE = new URL("./exec.ts", import.meta.url).href;

Deno.test("exec() becomes the other program, which gets arguments and environment as they are", async () => {
  const args = ["-c", 'printf "%s|" "$@"; printf "%s" "$ONE"; printf " %s" $$', "sh", "a b", "", "é"];
  const code = `import { exec } from ${JSON.stringify(MODULE)};
console.log(Deno.pid);
exec("/bin/sh", ["sh", ...${JSON.stringify(args)}], { ONE: "1=2" });`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped" });
  const { code: status, stdout } = await child.output();
  const [pid, line] = new TextDecoder().decode(stdout).split("\n");
  assert.equal(line, `a b||é|1=2 ${pid}`);
  assert.equal(status, 0);
});

Deno.test("exec() of what is not there is an error, and we go on", () => {
  assert.throws(() => exec("/nonexistent/program", ["x"], {}), { name: "SysError", errno: 2 });
});
