import assert from "node:assert/strict";
import { compileC, outputOf } from "../../tests/compile_c.ts";
import { skip } from "../../tests/skip.ts";
import { openHost } from "../host/mod.ts";
import { type CodeMapping } from "./code_mapping.ts";
import { bytesSource } from "./byte_source.ts";
import { type DebuginfodConfig, debuginfodConfig, fetchDebugFile } from "./debuginfod.ts";
import { readElf } from "./elf.ts";
import { buildId } from "./elf_notes.ts";
import { createSymbolisers, UNKNOWN } from "./symboliser.ts";

interface Server extends AsyncDisposable {
  readonly url: string;
  readonly asked: string[];
}

function serve(answer: (path: string, signal: AbortSignal) => Response | Promise<Response>): Server {
  const asked: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    return answer(pathname, request.signal);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Sets variables while `work` runs. */
async function withEnv(variables: Readonly<Record<string, string>>, work: () => Promise<void>): Promise<void> {
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    await work();
  } finally {
    for (const [name, value] of before) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  }
}

async function inDirectory(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.realPath(await Deno.makeTempDir());
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const ELF = Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 1, 2, 3]);
const ID = "ab".repeat(20);

Deno.test("nothing is configured without DEBUGINFOD_URLS, nor by addresses that are no HTTP", () =>
  withEnv({ DEBUGINFOD_URLS: "" }, async () => {
    assert.equal(debuginfodConfig(), null);
    await withEnv(
      { DEBUGINFOD_URLS: "file:///etc ftp://x" },
      () => Promise.resolve(assert.equal(debuginfodConfig(), null)),
    );
    const variables = {
      DEBUGINFOD_URLS: "http://a https://b/x/",
      DEBUGINFOD_CACHE_PATH: "/c",
      DEBUGINFOD_MAXSIZE: "5",
    };
    await withEnv({ ...variables, DEBUGINFOD_TIMEOUT: "3", DEBUGINFOD_MAXTIME: "" }, () => {
      const expected = { urls: ["http://a", "https://b/x/"], cache: "/c", timeoutMs: 3000, maxBytes: 5 };
      return Promise.resolve(assert.deepEqual(debuginfodConfig(), expected));
    });
  }));

Deno.test("a file is fetched once, from the first server that has it, and remembered", () =>
  inDirectory(async (dir) => {
    await using absent = serve(() => new Response("no", { status: 404 }));
    await using has = serve(() => new Response(ELF));
    const config: DebuginfodConfig = { urls: [absent.url, `${has.url}/`], cache: dir, timeoutMs: 5000, maxBytes: 100 };
    assert.deepEqual(await fetchDebugFile(config, ID), { kind: "fetched", path: `${dir}/${ID}/debuginfo` });
    assert.deepEqual(await fetchDebugFile(config, ID), { kind: "cached", path: `${dir}/${ID}/debuginfo` });
    assert.deepEqual(await Deno.readFile(`${dir}/${ID}/debuginfo`), ELF);
    assert.deepEqual([absent.asked, has.asked], [[`/buildid/${ID}/debuginfo`], [`/buildid/${ID}/debuginfo`]]);
    assert.deepEqual([...Deno.readDirSync(`${dir}/${ID}`)].map((e) => e.name), ["debuginfo"]);
  }));

Deno.test("that no server has a file is remembered as other clients do", () =>
  inDirectory(async (dir) => {
    await using absent = serve(() => new Response("no", { status: 404 }));
    const config: DebuginfodConfig = { urls: [absent.url], cache: dir, timeoutMs: 5000, maxBytes: 100 };
    assert.deepEqual(await fetchDebugFile(config, ID), { kind: "absent" });
    assert.equal((await Deno.stat(`${dir}/${ID}/debuginfo`)).size, 0);
    assert.deepEqual(await fetchDebugFile(config, ID), { kind: "absent" });
    assert.equal(absent.asked.length, 1);
  }));

Deno.test("a link in the cache is replaced, never written through", () =>
  inDirectory(async (dir) => {
    await using absent = serve(() => new Response("no", { status: 404 }));
    const config: DebuginfodConfig = { urls: [absent.url], cache: `${dir}/cache`, timeoutMs: 5000, maxBytes: 100 };
    await Deno.mkdir(`${dir}/cache/${ID}`, { recursive: true });
    await Deno.symlink(`${dir}/elsewhere`, `${dir}/cache/${ID}/debuginfo`);
    assert.deepEqual(await fetchDebugFile(config, ID), { kind: "absent" });
    assert.deepEqual([...Deno.readDirSync(dir)].map((e) => e.name), ["cache"]);
    assert.deepEqual([...Deno.readDirSync(`${dir}/cache/${ID}`)].map((e) => [e.name, e.isFile]), [["debuginfo", true]]);
  }));

Deno.test("what is too large, no ELF file, an error or never comes is said and leaves nothing behind", () =>
  inDirectory(async (dir) => {
    const never = (signal: AbortSignal) =>
      new Promise<Response>((done) => signal.addEventListener("abort", () => done(new Response())));
    const cases: [(path: string, signal: AbortSignal) => Response | Promise<Response>, RegExp][] = [
      [() => new Response(Uint8Array.from([...ELF, ...new Uint8Array(200)])), /larger than 100/],
      [() => new Response("<html>not found</html>"), /no ELF/],
      [() => new Response("", { status: 500 }), /status 500/],
      [(_, signal) => never(signal), /time/i],
    ];
    for (const [answer, reason] of cases) {
      await using server = serve(answer);
      const timeoutMs = answer === cases[3][0] ? 50 : 5000;
      const got = await fetchDebugFile({ urls: [server.url], cache: dir, timeoutMs, maxBytes: 100 }, ID);
      assert.equal(got.kind, "failed");
      assert.match(got.kind === "failed" ? got.reason : "", reason);
      assert.deepEqual([...Deno.readDirSync(dir)].flatMap((e) => [...Deno.readDirSync(`${dir}/${e.name}`)]), []);
    }
    const hostile = await fetchDebugFile(
      { urls: ["http://127.0.0.1:1"], cache: dir, timeoutMs: 50, maxBytes: 1 },
      "../x",
    );
    assert.equal(hostile.kind, "failed");
  }));

Deno.test("prepare() makes a stripped program's functions and lines known", () =>
  inDirectory(async (dir) => {
    const program = "static __attribute__((noinline)) int hidden(int x) { volatile int y = x; return y; }\n" +
      "int main(int argc, char **argv) { return hidden(argc); }\n";
    if (!await compileC(program, `${dir}/a`, ["-Wl,--build-id"])) return skip("no gcc");
    const symbol = (await outputOf("nm", [`${dir}/a`]))?.match(/^([0-9a-f]+) t hidden$/m);
    if (!symbol) return skip("no nm");
    await outputOf("objcopy", ["--only-keep-debug", `${dir}/a`, `${dir}/a.full`]);
    await outputOf("strip", [`${dir}/a`]);
    const elf = readElf(bytesSource(await Deno.readFile(`${dir}/a`)));
    const id = buildId(elf)!;
    const code = elf.segments.find((s) => s.type === 1 && s.flags & 1)!;
    const mapping: CodeMapping = {
      start: 0x10000000,
      end: 0x10000000 + code.fileSize,
      offset: code.offset,
      major: 0,
      minor: 0,
      inode: (await Deno.stat(`${dir}/a`)).ino!,
      path: `${dir}/a`,
    };
    const address = parseInt(symbol[1], 16) - code.vaddr + mapping.start;
    await using server = serve(async (path) =>
      path.includes(id) ? new Response(await Deno.readFile(`${dir}/a.full`)) : new Response("", { status: 404 })
    );
    const symbolisers = createSymbolisers(openHost());
    const ask = async (): Promise<string> => {
      const symboliser = symbolisers.start({ lines: true });
      await symboliser.prepare([{ pid: Deno.pid, mapping }]);
      const [frame] = symboliser.userFrames(Deno.pid, [mapping], address);
      return `${frame.function} ${frame.file}:${frame.line} ${symboliser.notes().length}`;
    };
    await withEnv({ DEBUGINFOD_URLS: "", DEBUGINFOD_CACHE_PATH: `${dir}/cache` }, async () => {
      assert.equal(await ask(), `${UNKNOWN} :0 1`);
      assert.deepEqual(server.asked, []);
      await withEnv({ DEBUGINFOD_URLS: server.url }, async () => {
        assert.equal(await ask(), `hidden ${dir}/a.c:1 0`);
        assert.equal(await ask(), `hidden ${dir}/a.c:1 0`);
      });
    });
    assert.deepEqual(server.asked, [`/buildid/${id}/debuginfo`]);
  }));
