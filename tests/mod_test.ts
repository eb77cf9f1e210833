import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

Deno.test("mod.ts can be imported without any permission: importing it does nothing", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const file = join(dir, "main.ts");
    const face = new URL("../mod.ts", import.meta.url).href;
    await Deno.writeTextFile(file, `import { openHost } from ${JSON.stringify(face)}; console.log(typeof openHost);`);
    const config = fileURLToPath(new URL("../deno.json", import.meta.url));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--quiet", "--config", config, file],
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.equal(new TextDecoder().decode(stdout), "function\n");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
