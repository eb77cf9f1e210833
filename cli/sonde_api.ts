import {
  cellAt,
  columnFrom,
  field,
  GoneError,
  mergeQuality,
  profileOfStacks,
  quality,
  recordsOf,
  rowsOf,
  tableFromRows,
  UnsupportedError,
  UsageError,
} from "../core/data/mod.ts";
import type { SondeApi } from "../core/plugin_api/mod.ts";
// The files, not the face: the evaluator behind it is for recipes only.
import { calculate, callOf, fieldRef, literal, test, valueType } from "../core/query/build.ts";
import { probePointText } from "../core/query/probe_spec.ts";
import { type Host, openHost } from "../core/host/mod.ts";
import { errnoName, ownCpuNs, pause } from "../core/sys/mod.ts";
import { VERSION } from "./version.ts";

/**
 * Puts together what plugins are given. The heavy rooms (samplers, BPF, rendering) are loaded when first used.
 *
 * @param host the machine; this one by default
 * @param options a file with the kernel's type information, where it has none of itself
 */
export function createSondeApi(host: Host = openHost(), options: { readonly btf?: string } = {}): SondeApi {
  return {
    version: VERSION,
    data: {
      field,
      tableFromRows,
      columnFrom,
      cellAt,
      rowsOf,
      recordsOf,
      profileOfStacks,
      quality,
      mergeQuality,
      UnsupportedError,
      UsageError,
      GoneError,
    },
    query: { calculate, callOf, fieldRef, literal, probePointText, test, valueType },
    host,
    samplers: {
      cpu: async (request) => {
        const { chooseSampler, localSamplers } = await import("../core/profile/mod.ts");
        return await chooseSampler({
          ...localSamplers(host),
          bpf: async () => (await import("../bpf/cpu_sampler.ts")).bpfCpuSampler(host),
        })(request);
      },
      offCpu: async (request) => (await import("./off_cpu_samplers.ts")).offCpuSampler(host)(request),
    },
    counters: {
      count: async (request) => (await import("../core/perf/counters/mod.ts")).countEvents(host, request),
    },
    profiles: {
      topFunctions: async (profile, limit) => (await import("../core/profile/mod.ts")).topFunctions(profile, limit),
      byProcess: async (profile) => (await import("../core/profile/mod.ts")).profileByProcess(profile),
      folded: async (profile, limit) => (await import("../core/profile/mod.ts")).folded(profile, limit),
      offCpu: async (measured, options) => {
        const { offCpuResults } = await import("../core/profile/off_cpu/mod.ts");
        const { formatDuration } = await import("../core/render/format_value.ts");
        return offCpuResults(measured, { ...options, duration: formatDuration });
      },
      flameSvg: async (profile, title) => (await import("../core/render/mod.ts")).flameSvg(profile, { title }),
    },
    probes: {
      open: async (spec) => (await import("./engines.ts")).openProbe(host, spec),
    },
    analyzers: {
      run: async (name, request) => (await import("../bpf/analyzers.ts")).runAnalyzer(host, name, request, options.btf),
    },
    calls: {
      measure: async (request) => (await import("./measure_calls.ts")).measureCalls(host, request),
    },
    kernelFunctions: {
      count: async (request) => (await import("./function_results.ts")).functionCounts(host, request),
      time: async (request) => (await import("./function_results.ts")).functionTimes(host, request),
    },
    recipes: {
      run: async (name, params, context) =>
        (await import("./shipped_recipe.ts")).runShippedRecipe(host, name, params, context),
    },
    sleep: pause,
    nowNs: () => Math.round(performance.now() * 1e6),
    ownCpuNs,
    errnoName,
  };
}
