import { parseCpuInfo } from "./parse_cpuinfo.ts";
import { parseCpuList } from "./parse_cpu_list.ts";
import type { Reader } from "./_reader.ts";
import { SECTOR_BYTES } from "./parse_diskstats.ts";
import { wholeDisks } from "./_disks.ts";
import { readHypervisor } from "./_hypervisor.ts";
import type { NumaNode, Topology } from "./types.ts";
import { parseColonValues } from "./_colon_values.ts";
import { parseKeyValues } from "./parse_key_values.ts";

const CPU = "/sys/devices/system/cpu";

/** The machine's shape, from sysfs (Documentation/ABI/stable/sysfs-devices-system-cpu) and `/proc/cpuinfo`. */
export function readTopology(reader: Reader): Topology {
  const info = parseCpuInfo(reader.text("/proc/cpuinfo") ?? "");
  const online = parseCpuList(reader.word(`${CPU}/online`) ?? "");
  if (online.length === 0) online.push(...info.cpus);
  const packages = new Set<string>();
  const cores = new Set<string>();
  for (const cpu of online) {
    const at = (name: string): string | null => reader.word(`${CPU}/cpu${cpu}/topology/${name}`);
    const socket = at("physical_package_id") ?? "0";
    packages.add(socket);
    cores.add(at("core_cpus_list") ?? at("thread_siblings_list") ?? `${socket}:${at("core_id") ?? cpu}`);
  }
  const khz = reader.number(`${CPU}/cpu${online[0] ?? 0}/cpufreq/cpuinfo_max_freq`);
  const clocks = "/sys/devices/system/clocksource/clocksource0";
  return {
    cpusOnline: online.length,
    cpusPossible: parseCpuList(reader.word(`${CPU}/possible`) ?? "").length || online.length,
    sockets: packages.size,
    cores: cores.size,
    threadsPerCore: cores.size === 0 ? 1 : Math.round(online.length / cores.size),
    model: info.model,
    arch: reader.word("/proc/sys/kernel/arch") ?? Deno.build.arch,
    hypervisor: readHypervisor(reader, info.flags),
    clocksource: reader.word(`${clocks}/current_clocksource`),
    governor: reader.word(`${CPU}/cpu${online[0] ?? 0}/cpufreq/scaling_governor`),
    mhzMax: khz === null ? null : khz / 1000,
    mhzNow: mhzNow(reader, online) ?? info.mhz,
    nodes: readNuma(reader).map((n) => ({ node: n.node, cpus: n.cpus, memory: n.totalBytes })),
    caches: readCaches(reader, online),
    disks: wholeDisks(reader).map((device) => ({
      device: device.replaceAll("!", "/"),
      rotational: reader.word(`/sys/block/${device}/queue/rotational`) === "1",
      scheduler: chosen(reader.word(`/sys/block/${device}/queue/scheduler`) ?? ""),
      size: (reader.number(`/sys/block/${device}/size`) ?? 0) * SECTOR_BYTES,
    })),
  };
}

/** NUMA nodes with memory or CPUs; one node on a machine without NUMA, none when sysfs does not tell. */
export function readNuma(reader: Reader): NumaNode[] {
  const nodes: NumaNode[] = [];
  for (const name of reader.list("/sys/devices/system/node")) {
    if (!/^node\d+$/.test(name)) continue;
    const dir = `/sys/devices/system/node/${name}`;
    const memory = parseColonValues((reader.text(`${dir}/meminfo`) ?? "").replace(/^Node \d+ /gm, ""));
    const stat = parseKeyValues(reader.text(`${dir}/numastat`) ?? "");
    nodes.push({
      node: Number(name.slice(4)),
      cpus: reader.word(`${dir}/cpulist`) ?? "",
      totalBytes: (memory.get("MemTotal") ?? 0) * 1024,
      freeBytes: (memory.get("MemFree") ?? 0) * 1024,
      localPages: stat.get("local_node") ?? 0,
      remotePages: stat.get("other_node") ?? 0,
      missPages: stat.get("numa_miss") ?? 0,
      foreignPages: stat.get("numa_foreign") ?? 0,
    });
  }
  return nodes.sort((a, b) => a.node - b.node);
}

/** Each cache once, however many CPUs share it. */
function readCaches(reader: Reader, online: readonly number[]): Topology["caches"] {
  const caches = new Map<string, Topology["caches"][number]>();
  for (const cpu of online) {
    for (const index of reader.list(`${CPU}/cpu${cpu}/cache`)) {
      if (!/^index\d+$/.test(index)) continue;
      const at = (name: string): string => reader.word(`${CPU}/cpu${cpu}/cache/${index}/${name}`) ?? "";
      const cache = {
        level: Number(at("level")),
        kind: at("type").toLowerCase(),
        size: sizeOf(at("size")),
        line: Number(at("coherency_line_size")),
        sharedBy: at("shared_cpu_list") || `${cpu}`,
      };
      caches.set(`${cache.level} ${cache.kind} ${cache.sharedBy}`, cache);
    }
  }
  return [...caches.values()].sort((a, b) => a.level - b.level);
}

/** `32K`, `1024K`, `32M`. */
function sizeOf(text: string): number {
  const m = /^(\d+)([KMG]?)$/.exec(text);
  return m === null ? 0 : Number(m[1]) * { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[m[2] as "" | "K" | "M" | "G"];
}

/** The word in brackets of `none [mq-deadline] kyber`. */
function chosen(text: string): string {
  return /\[([^\]]+)\]/.exec(text)?.[1] ?? text;
}

function mhzNow(reader: Reader, online: readonly number[]): number | null {
  const khz = online.map((cpu) => reader.number(`${CPU}/cpu${cpu}/cpufreq/scaling_cur_freq`)).filter((f) => f !== null);
  return khz.length === 0 ? null : khz.reduce((a, b) => a + b, 0) / khz.length / 1000;
}
