import assert from "node:assert/strict";
import { kill, spawnHeld } from "./mod.ts";

const TRUE = { path: "/bin/true", args: ["true"], env: {}, ignoredSignals: [] };

Deno.test("a held child that is ended is gone", () => {
  using child = spawnHeld(TRUE);
  assert.equal(kill(child.pid, 0), 0);
  child.end();
  assert.equal(kill(child.pid, 0), -3);
});

Deno.test("a held child dies with whoever held it", async () => {
  const source = `
    import { spawnHeld } from "${new URL("./mod.ts", import.meta.url)}";
    console.log(spawnHeld(${JSON.stringify(TRUE)}).pid);
    setInterval(() => {}, 1000);`;
  const holder = new Deno.Command(Deno.execPath(), { args: ["eval", "--no-check", source], stdout: "piped" }).spawn();
  const reader = holder.stdout.getReader();
  const pid = Number(new TextDecoder().decode((await reader.read()).value));
  const state = (): string => {
    try {
      return /^State:\s*(\w)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1];
    } catch {
      return "gone";
    }
  };
  const until = async (states: readonly string[]): Promise<void> => {
    while (!states.includes(state())) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  // It waits to be let go.
  await until(["S"]);
  holder.kill("SIGKILL");
  await holder.status;
  await until(["Z", "gone"]);
  await reader.cancel();
});
