import assert from "node:assert/strict";
import { compileC, outputOf } from "../compile_c.ts";
import { skip } from "../skip.ts";
import { runSonde } from "./run_sonde.ts";

const PROGRAM = `
#include <time.h>
static volatile unsigned long x = 1;
static inline __attribute__((always_inline)) void inner(void) { x = x * 3 + 1; }
static __attribute__((noinline)) void hidden(long n) { for (long i = 0; i < n; i++) inner(); }
int main(void) { while (clock() < 200000) hidden(1000000); return 0; }
`;

Deno.test("sonde profile fetches the debug file of a stripped program from a debuginfod server: functions, inlined ones, lines", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/a`;
    if (!await compileC(PROGRAM, path, ["-O2", "-Wl,--build-id"])) return skip("no gcc");
    const notes = await outputOf("readelf", ["-n", path]);
    const id = /Build ID: ([0-9a-f]+)/.exec(notes ?? "")?.[1];
    if (!id || await outputOf("objcopy", ["--only-keep-debug", path, `${dir}/full`]) === null) {
      return skip("no binutils");
    }
    await outputOf("strip", [path]);
    const asked: string[] = [];
    const handler = async (request: Request): Promise<Response> => {
      asked.push(new URL(request.url).pathname);
      return request.url.includes(id)
        ? new Response(await Deno.readFile(`${dir}/full`))
        : new Response("", { status: 404 });
    };
    await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
    const folded = async (env: Record<string, string>): Promise<string> => {
      const args = ["profile", "--lines", "--no-kernel", "-o", `${dir}/out.folded`, "--", path];
      const { code, stderr } = await runSonde(dir, args, { DEBUGINFOD_CACHE_PATH: `${dir}/cache`, ...env });
      if (code !== 0 && /perf_event_open/.test(stderr)) return "";
      assert.equal(code, 0, stderr);
      return await Deno.readTextFile(`${dir}/out.folded`);
    };
    const without = await folded({ DEBUGINFOD_URLS: "" });
    if (without === "") return skip("perf_event_open is refused");
    assert.doesNotMatch(without, /hidden/);
    assert.equal(asked.length, 0);
    const url = `http://127.0.0.1:${server.addr.port}`;
    assert.match(await folded({ DEBUGINFOD_URLS: url }), /;main a\.c:6;hidden\S* a\.c:5;inner a\.c:4(_\[i\])? \d+/);
    assert.ok(asked.includes(`/buildid/${id}/debuginfo`), asked.join());
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
