import { type Frame, type Profile, type ProfileStack, quality, type SampleType } from "../../../data/mod.ts";
import { FormatError } from "../format_error.ts";
import { parseLegacyMaps } from "./legacy_maps.ts";

/** Whether bytes begin like one of the older text profiles of Go and gperftools. */
export function looksLikeLegacyText(head: Uint8Array): boolean {
  return formOf(new TextDecoder().decode(head.subarray(0, 256))) !== null;
}

/**
 * Reads the older text profiles (github.com/google/pprof, profile/legacy_profile.go, says what they are): heap
 * (`heap profile: 1: 2 [3: 4] @ …`), contention (`--- contention:`), counts (`goroutine profile: total 3`). A stack is a
 * line `VALUES @ ADDRESSES`, leaf first; lines beginning with `#` may name its frames; mappings follow at the end.
 *
 * @throws {FormatError} when it is none of these, or a value is no number
 */
export function readLegacyText(text: string): Profile {
  const form = formOf(text);
  if (!form) throw new FormatError("no profile of this kind begins so", 1);
  const lines = text.split("\n");
  const frames: Frame[] = [];
  const index = new Map<string, number>();
  const stacks: ProfileStack[] = [];
  const maps = parseLegacyMaps(text.slice(Math.max(0, text.indexOf("MAPPED_LIBRARIES"))));
  const names = new Map<string, string>();
  // Names first: a frame is known by its address wherever it stands.
  for (const line of lines) {
    const m = /^#\t(0x[0-9a-f]+)\t(\S.*?)\+0x[0-9a-f]+(?:\t|$)/.exec(line);
    if (m) names.set(m[1], m[2]);
  }
  const frameOf = (address: string): number => {
    let i = index.get(address);
    if (i === undefined) {
      const module = maps.moduleOf(BigInt(address));
      i = frames.push({ function: names.get(address) ?? address, module, file: "", line: 0, kind: "user" }) - 1;
      index.set(address, i);
    }
    return i;
  };
  for (let n = form.kind === "contention" ? 0 : 1; n < lines.length; n++) {
    const line = lines[n];
    if (/MAPPED_LIBRARIES|^--- /.test(line) && n > 0) break;
    const at = line.indexOf("@");
    if (line.startsWith("#") || at < 0 || line.length > MAX_LINE) continue;
    const values = form.values(line.slice(0, at));
    if (!values) {
      if (/^\s*\d/.test(line)) throw new FormatError("no values and stack", n + 1);
      continue;
    }
    const addresses = line.slice(at + 1).match(/0x[0-9a-fA-F]{1,16}\b/g) ?? [];
    stacks.push({ frames: addresses.map((a) => frameOf(a.toLowerCase())).reverse(), values, labels: {} });
  }
  const events = stacks.reduce((sum, s) => sum + s.values[0], 0);
  return {
    kind: "profile",
    sampleTypes: form.types,
    frames,
    stacks,
    quality: quality({ events, notes: names.size > 0 ? [] : ["The file holds addresses without names."] }),
  };
}

interface Form {
  readonly kind: "heap" | "contention" | "count";
  readonly types: readonly SampleType[];
  values(text: string): number[] | null;
}

function formOf(text: string): Form | null {
  if (/^heap profile: /.test(text)) {
    return {
      kind: "heap",
      types: [
        { name: "inuse_objects", unit: "count" },
        { name: "inuse_space", unit: "bytes" },
        { name: "alloc_objects", unit: "count" },
        { name: "alloc_space", unit: "bytes" },
      ],
      values: (line) => numbers(/^\s*(\d+):\s*(\d+)\s*\[\s*(\d+):\s*(\d+)\s*\]\s*$/.exec(line)),
    };
  }
  if (/^--- (contention|mutex):?/.test(text)) {
    const hz = Number(/cycles\/second\s*=\s*(\d+)/.exec(text)?.[1] ?? 0);
    return {
      kind: "contention",
      types: [{ name: "contentions", unit: "count" }, { name: "delay", unit: "ns" }],
      values: (line) => {
        const n = numbers(/^\s*(\d+)\s+(\d+)\s*$/.exec(line));
        // First the delay in cycles, or where no rate is given in nanoseconds; then how often.
        return n && [n[1], hz > 0 ? Math.round(n[0] / hz * 1e9) : n[0]];
      },
    };
  }
  const count = /^(\w+) profile: total \d+/.exec(text);
  if (!count) return null;
  return {
    kind: "count",
    types: [{ name: count[1], unit: "count" }],
    values: (line) => numbers(/^\s*(\d+)\s*$/.exec(line)),
  };
}

function numbers(match: RegExpExecArray | null): number[] | null {
  return match && match.slice(1).map(Number);
}

const MAX_LINE = 1 << 16;
