import assert from "node:assert/strict";
import { parseBuddyInfo } from "./parse_buddyinfo.ts";
import { parseCpuInfo } from "./parse_cpuinfo.ts";
import { parseCpuList } from "./parse_cpu_list.ts";
import { parseDeviceNumbers } from "./parse_device_numbers.ts";
import { parseDiskStats } from "./parse_diskstats.ts";
import { parseInterrupts } from "./parse_interrupts.ts";
import { parseKeyValues } from "./parse_key_values.ts";
import { parseLoadAvg } from "./parse_loadavg.ts";
import { parseMemInfo } from "./parse_meminfo.ts";
import { parsePressure } from "./parse_pressure.ts";
import { parseSchedstat } from "./parse_schedstat.ts";
import { parseStat } from "./parse_stat.ts";

Deno.test("parseStat() turns ticks into nanoseconds and keeps CPUs by number when some are offline", () => {
  const t = parseStat(
    "cpu  10 1 20 300 4 5 6 7 2 1\ncpu0 5 1 10 150 2 3 3 4 1 1\ncpu3 5 0 10 150 2 2 3 3 1 0\nintr 99 1 2 3\nctxt 1234\n" +
      "btime 1700000000\nprocesses 77\nprocs_running 3\nprocs_blocked 2\nsoftirq 5 1 1\n",
    100,
  );
  assert.deepEqual([...t.cpus.keys()], [0, 3]);
  assert.deepEqual(t.all, {
    user: 10e7,
    nice: 1e7,
    system: 20e7,
    idle: 300e7,
    iowait: 4e7,
    irq: 5e7,
    softirq: 6e7,
    steal: 7e7,
    guest: 2e7,
    guestNice: 1e7,
  });
  assert.deepEqual(
    [t.contextSwitches, t.interrupts, t.forks, t.running, t.blocked, t.bootTimeS],
    [1234, 99, 77, 3, 2, 1700000000],
  );
});

Deno.test("parseStat() reads columns that an old kernel lacks, and a missing file, as 0", () => {
  assert.equal(parseStat("cpu 1 2 3 4\n", 100).all.steal, 0);
  assert.equal(parseStat("", 100).all.user, 0);
});

Deno.test("parseLoadAvg() takes all five figures, or answers null", () => {
  assert.deepEqual(parseLoadAvg("0.08 1.04 12.40 2/108 10565\n"), {
    load1: 0.08,
    load5: 1.04,
    load15: 12.4,
    runnable: 2,
    threads: 108,
  });
  assert.equal(parseLoadAvg(""), null);
});

Deno.test("parseMemInfo() is in bytes, keeps counts, and estimates what an old kernel does not say", () => {
  const m = parseMemInfo(
    "MemTotal:  1000 kB\nMemFree:  100 kB\nBuffers: 10 kB\nCached: 50 kB\nShmem: 5 kB\nHugePages_Total:  3\n",
  );
  assert.equal(m.total, 1000 * 1024);
  assert.equal(m.available, 155 * 1024);
  assert.equal(m.all.get("HugePages_Total"), 3);
  assert.equal(m.swapTotal, 0);
  assert.equal(parseMemInfo("MemAvailable: 7 kB\nMemFree: 9 kB\n").available, 7 * 1024);
});

Deno.test("parseKeyValues() keeps what is a name and a number, whatever the line ends", () => {
  const text = "a 1\nb 9007199254740993\n\nno_value\nc x\nd 18446744073709551615";
  const values = parseKeyValues(text);
  assert.deepEqual([...values.keys()], ["a", "b", "d"]);
  assert.equal(values.get("b"), 2 ** 53);
  assert.equal(values.get("d"), 2 ** 64);
});

Deno.test("parseDiskStats() reads lines with and without discards and flushes", () => {
  const [old, now] = parseDiskStats(
    "   8       0 sda 10 1 16 5 20 2 32 6 3 7 8\n" +
      " 259       0 nvme0n1 100 10 160 50 200 20 320 60 0 70 80 1 2 3 4 31 770\n",
  );
  assert.deepEqual(old, {
    device: "sda",
    reads: 10,
    readBytes: 16 * 512,
    readTimeNs: 5e6,
    writes: 20,
    writeBytes: 32 * 512,
    writeTimeNs: 6e6,
    inFlight: 3,
    busyNs: 7e6,
    queueNs: 8e6,
    flushes: 0,
    flushTimeNs: 0,
  });
  assert.deepEqual([now.device, now.flushes, now.flushTimeNs], ["nvme0n1", 31, 770e6]);
});

Deno.test("parsePressure() gives ratios and nanoseconds, and takes a file with a full line only", () => {
  assert.deepEqual(
    parsePressure(
      "some avg10=0.59 avg60=1.50 avg300=100.00 total=15639049\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
    ),
    {
      some: { avg10: 0.0059, avg60: 0.015, avg300: 1, totalNs: 15639049000 },
      full: { avg10: 0, avg60: 0, avg300: 0, totalNs: 7000 },
    },
  );
  assert.equal(parsePressure("full avg10=1.00 avg60=0.00 avg300=0.00 total=7\n")?.some.avg10, 0.01);
  assert.equal(parsePressure(""), null);
});

Deno.test("parseInterrupts() names devices, leaves gaps for offline CPUs, and takes lines with fewer counts", () => {
  const x86 = parseInterrupts(
    "           CPU0       CPU2       \n  0:          7          9  IO-APIC   2-edge      timer\n" +
      " 36:          0         12  PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0, other name\n" +
      " 40:          1          2  PCI-MSI 524288-edge\nLOC:        100        200   Local timer interrupts\nERR:          5\n",
  );
  assert.deepEqual([...x86], [
    ["0 timer", [7, 0, 9]],
    ["36 virtio1-req.0, other name", [0, 0, 12]],
    ["40", [1, 0, 2]],
    ["LOC", [100, 0, 200]],
    ["ERR", [5]],
  ]);
  const arm = parseInterrupts(
    "           CPU0       CPU1       \n 11:      30481      28105     GICv3  27 Level     arch_timer\n" +
      "IPI0:      2131       3012       Rescheduling interrupts\n",
  );
  assert.deepEqual([...arm], [["11 arch_timer", [30481, 28105]], ["IPI0", [2131, 3012]]]);
});

Deno.test("parseInterrupts() reads softirqs too", () => {
  assert.deepEqual([...parseInterrupts("                    CPU0       CPU1\n          HI:          0          3\n")], [
    [
      "HI",
      [0, 3],
    ],
  ]);
  assert.equal(parseInterrupts("").size, 0);
});

Deno.test("parseSchedstat() takes run and wait times of version 15 to 17", () => {
  const text = "version 16\ntimestamp 4294894396\ncpu0 0 0 0 0 0 0 4563038500 1993880605 2203\ndomain0 3 0 0\n" +
    "cpu11 1 0 2 3 4 5 6 7 8\n";
  assert.deepEqual(parseSchedstat(text), [
    { cpu: 0, runNs: 4563038500, waitNs: 1993880605, slices: 2203 },
    { cpu: 11, runNs: 6, waitNs: 7, slices: 8 },
  ]);
});

Deno.test("parseBuddyInfo() gives free blocks by order", () => {
  assert.deepEqual(parseBuddyInfo("Node 0, zone    DMA32      1      1      4\nNode 1, zone   Normal   10 0 1\n"), [
    { node: 0, zone: "DMA32", free: [1, 1, 4] },
    { node: 1, zone: "Normal", free: [10, 0, 1] },
  ]);
});

Deno.test("parseCpuList() expands ranges and leaves out what is none", () => {
  assert.deepEqual(parseCpuList("0-3,8,10-11\n"), [0, 1, 2, 3, 8, 10, 11]);
  assert.deepEqual(parseCpuList(""), []);
  assert.deepEqual(parseCpuList("x,2-,5"), [5]);
  assert.ok(parseCpuList("0-99999999999").length <= 65536);
});

Deno.test("parseCpuInfo() reads x86 and arm64", () => {
  const x86 = parseCpuInfo(
    "processor\t: 0\nmodel name\t: AMD EPYC\ncpu MHz\t\t: 2000.0\nflags\t\t: fpu hypervisor\n\n" +
      "processor\t: 1\nmodel name\t: AMD EPYC\ncpu MHz\t\t: 3000.0\n",
  );
  assert.deepEqual([x86.cpus, x86.model, x86.mhz, x86.flags.has("hypervisor")], [[0, 1], "AMD EPYC", 2500, true]);
  const arm = parseCpuInfo("processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n");
  assert.deepEqual([arm.model, arm.mhz, arm.flags.has("asimd")], ["ARM implementer 0x41 part 0xd0c", null, true]);
});

Deno.test("parseDeviceNumbers() names partitions too, and leaves out what is no line of the file", () => {
  const names = parseDeviceNumbers(" 254       0 vda 1 2 3\n 254       1 vda1 1 2 3\n\n 7\n");
  assert.deepEqual([...names], [["254:0", "vda"], ["254:1", "vda1"]]);
});
