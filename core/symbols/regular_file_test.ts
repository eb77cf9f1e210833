import assert from "node:assert/strict";
import { openRegularFile, readProcFile } from "./regular_file.ts";

Deno.test("openRegularFile() reads bytes, and answers null for ranges outside", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "0123456789");
    using file = openRegularFile(path)!;
    const stat = await Deno.stat(path);
    assert.equal(file.size, 10);
    assert.equal(file.inode, stat.ino);
    assert.equal(file.uid, stat.uid);
    assert.equal(new TextDecoder().decode(file.read(2, 3)!), "234");
    assert.equal(file.read(8, 3), null);
    assert.equal(file.read(-1, 1), null);
    assert.equal(file.read(NaN, 1), null);
    assert.equal(file.read(10, 0)?.length, 0);
    await Deno.truncate(path, 3);
    assert.equal(file.read(2, 3), null);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("openRegularFile() refuses FIFOs, directories, devices, links where asked to, and NULs", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await new Deno.Command("mkfifo", { args: [`${dir}/fifo`] }).output();
    await Deno.writeTextFile(`${dir}/file`, "x");
    await Deno.symlink(`${dir}/file`, `${dir}/link`);
    for (const path of [`${dir}/fifo`, dir, "/dev/zero", `${dir}/absent`, `${dir}/file\0x`]) {
      assert.equal(openRegularFile(path), null, path);
    }
    using followed = openRegularFile(`${dir}/link`);
    assert.equal(followed?.size, 1);
    assert.equal(openRegularFile(`${dir}/link`, { noFollow: true }), null);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("openRegularFile() never leaves the root it was given", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${dir}/root/etc`, { recursive: true });
    await Deno.writeTextFile(`${dir}/secret`, "outside!");
    await Deno.writeTextFile(`${dir}/root/etc/inside`, "in");
    await Deno.symlink(`${dir}/secret`, `${dir}/root/absolute`);
    await Deno.symlink("../../secret", `${dir}/root/etc/relative`);
    await Deno.symlink("/etc/inside", `${dir}/root/inner`);
    const root = `${dir}/root`;
    assert.equal(openRegularFile("/absolute", { root }), null);
    assert.equal(openRegularFile("/etc/relative", { root }), null);
    assert.equal(openRegularFile("/../secret", { root }), null);
    using inner = openRegularFile("/inner", { root });
    assert.equal(inner?.size, 2);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("readProcFile() reads files whose size the kernel does not tell, up to a limit", () => {
  const text = new TextDecoder().decode(readProcFile("/proc/self/status", 1 << 20, 16)!);
  assert.match(text, /^Name:\t.*\n[\s\S]*nonvoluntary_ctxt_switches:\t\d+\n$/);
  assert.equal(readProcFile("/proc/self/status", 32, 16)?.length, 32);
  assert.equal(readProcFile("/proc/self/absent", 32), null);
});

Deno.test("no descriptor is left open", () => {
  const count = (): number => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = count();
  for (let i = 0; i < 20; i++) {
    openRegularFile("/bin/ls")?.[Symbol.dispose]();
    openRegularFile("/tmp");
    openRegularFile("/absent", { root: "/tmp" });
    readProcFile("/proc/self/maps", 10, 10);
  }
  assert.equal(count(), before);
});
