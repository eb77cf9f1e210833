import assert from "node:assert/strict";
import { parseMaps } from "./parse_maps.ts";
import { parseMountInfo } from "./parse_mountinfo.ts";
import { parsePidCgroup } from "./parse_pid_cgroup.ts";
import { parsePidIo } from "./parse_pid_io.ts";
import { parsePidSchedstat } from "./parse_pid_schedstat.ts";
import { parsePidStatus } from "./parse_pid_status.ts";

Deno.test("parsePidStatus() reads effective ids, memory, switches and capabilities", () => {
  const s = parsePidStatus(
    "Name:\tx\\nUid:\\t0\nTgid:\t499\nTracerPid:\t77\nUid:\t1000\t1001\t1000\t1000\nNSpid:\t500\t7\t1\nVmRSS:\t    1780 kB\nRssAnon:\t     112 kB\nRssFile:\t    1648 kB\n" +
      "VmSwap:\t       4 kB\nCpus_allowed_list:\t0-1,4\nCapEff:\t000001fffeffffff\n" +
      "voluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t3\n",
  );
  assert.deepEqual(s, {
    tgid: 499,
    tracerPid: 77,
    uid: 1001,
    cpusAllowed: "0-1,4",
    voluntarySwitches: 12,
    involuntarySwitches: 3,
    rss: 1780 * 1024,
    rssAnon: 112 * 1024,
    rssFile: 1648 * 1024,
    swap: 4096,
    nsPid: [500, 7, 1],
    capabilities: 0x1fffeffffffn,
  });
});

Deno.test("parsePidStatus() reads a kernel thread, which has no memory, as 0", () => {
  assert.equal(parsePidStatus("Name:\tkthreadd\nUid:\t0\t0\t0\t0\n").rssAnon, 0);
});

Deno.test("parsePidIo() keeps the calls apart from the bytes that reached storage", () => {
  assert.deepEqual(
    parsePidIo("rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\ncancelled_write_bytes: 7\n"),
    {
      readChars: 1,
      writeChars: 2,
      readSyscalls: 3,
      writeSyscalls: 4,
      readBytes: 5,
      writeBytes: 6,
      cancelledWriteBytes: 7,
    },
  );
});

Deno.test("parsePidSchedstat() takes three figures or none", () => {
  assert.deepEqual(parsePidSchedstat("1053406 65156 1\n"), { runNs: 1053406, waitNs: 65156, slices: 1 });
  assert.equal(parsePidSchedstat(""), null);
});

Deno.test("parsePidCgroup() reads both versions, named hierarchies, colons in paths and removed cgroups", () => {
  assert.deepEqual(parsePidCgroup("4:cpu,cpuacct:/a:b\n1:name=systemd:/\n0::/user.slice/x (deleted)\n"), [
    { hierarchy: 4, controllers: ["cpu", "cpuacct"], path: "/a:b" },
    { hierarchy: 1, controllers: ["name=systemd"], path: "/" },
    { hierarchy: 0, controllers: [], path: "/user.slice/x" },
  ]);
});

Deno.test("parseMaps() keeps addresses exact and paths with spaces", () => {
  const [text, anonymous, vsyscall] = parseMaps(
    "7fcb0c2a9000-7fcb0c2cb000 r-xp 00001000 fe:00 131 /a b (deleted)\n7fff0000-7fff1000 rw-p 00000000 00:00 0 \n" +
      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n",
  );
  assert.deepEqual(text, {
    start: 0x7fcb0c2a9000n,
    end: 0x7fcb0c2cb000n,
    permissions: "r-xp",
    offset: 0x1000n,
    device: "fe:00",
    inode: 131,
    path: "/a b (deleted)",
  });
  assert.equal(anonymous.path, "");
  assert.equal(vsyscall.start, 0xffffffffff600000n);
});

Deno.test("parseMountInfo() finds type and options after any number of optional fields and unescapes names", () => {
  const [mount] = parseMountInfo(
    "36 35 98:0 /a\\040b /mnt\\134x rw,noatime master:1 shared:2 - cgroup sou\\040rce rw,cpu,cpuacct\nbroken line\n",
  );
  assert.deepEqual(mount, {
    root: "/a b",
    mountPoint: "/mnt\\x",
    type: "cgroup",
    source: "sou rce",
    superOptions: ["rw", "cpu", "cpuacct"],
  });
});
