import {
  type Frame,
  type FrameKind,
  type Profile,
  type ProfileStack,
  type Quality,
  quality,
  type SampleType,
} from "../../../data/mod.ts";
import { FormatError } from "../format_error.ts";
import { asQuality } from "../_quality_shape.ts";
import type { PprofLabel, PprofLocation, PprofMessage } from "./message.ts";
import { kindOfModule } from "./_pprof_kind.ts";
import { pprofUnit } from "./pprof_units.ts";

/**
 * The profile that a message holds. What it has and a profile has not: addresses (a function without a name is named by
 * its address), build ids, periods.
 *
 * @throws {FormatError} when it names what is not there
 */
export function pprofToProfile(m: PprofMessage): Profile {
  const units = m.sampleTypes.map((t) => pprofUnit(t.unit));
  const sampleTypes = m.sampleTypes.map((t, i): SampleType => ({ name: t.type, unit: units[i].unit }));
  const mappings = new Map(m.mappings.map((p) => [p.id, p.file]));
  const functions = new Map(m.functions.map((f) => [f.id, f]));
  const locations = new Map(m.locations.map((l) => [l.id, l]));
  const frames: Frame[] = [];
  const frameIndex = new Map<string, number>();
  const framesOf = new Map<PprofLocation, number[]>();

  const places: number[] = [];

  const intern = (f: Frame, place: number): number => {
    const key = JSON.stringify([f.function, f.module, f.file, f.line, f.kind]);
    let index = frameIndex.get(key);
    if (index === undefined) {
      frameIndex.set(key, index = frames.push(f) - 1);
      places.push(place);
    }
    return index;
  };
  /** Outermost first. */
  const namedLocation = (l: PprofLocation): number[] => {
    const module = mappings.get(l.mapping) ?? "";
    const kind = kindOfModule(module);
    if (l.lines.length === 0) {
      const name = l.address === 0 ? "[unknown]" : `0x${l.address.toString(16)}`;
      return [intern({ function: name, module, file: "", line: 0, kind }, 0)];
    }
    return l.lines.map((line, i) => {
      const f = functions.get(line.function);
      if (!f && line.function !== 0) throw new FormatError(`no function ${line.function}`, `location ${l.id}`);
      const guess: FrameKind = i + 1 < l.lines.length ? "inlined" : kind;
      const frame: Frame = {
        function: f?.name || f?.systemName || "",
        module,
        file: f?.file ?? "",
        line: line.line,
        kind: isKind(line.kind) ? line.kind : guess,
      };
      return { frame, place: line.place };
    }).reverse().map(({ frame, place }) => intern(frame, place));
  };

  const stacks = m.samples.map((s, n): ProfileStack => {
    const list: number[] = [];
    for (let i = s.locations.length - 1; i >= 0; i--) {
      const l = locations.get(s.locations[i]);
      if (!l) throw new FormatError(`no location ${s.locations[i]}`, `sample ${n}`);
      let own = framesOf.get(l);
      if (!own) framesOf.set(l, own = namedLocation(l));
      for (const f of own) list.push(f);
    }
    const given = s.exact?.length === sampleTypes.length ? s.exact : s.values;
    if (given.length !== sampleTypes.length) {
      throw new FormatError(`${given.length} values, where there are ${sampleTypes.length} types`, `sample ${n}`);
    }
    return { frames: list, values: given.map((v, i) => v * units[i].factor), labels: labelsOf(s.labels) };
  });
  const ordered = inPlaces(frames, stacks, places);
  return { kind: "profile", sampleTypes, ...ordered, quality: qualityOf(m, sampleTypes, stacks) };
}

/** Frames in the order that our own fields give them; unchanged where others wrote the file. */
function inPlaces(frames: Frame[], stacks: ProfileStack[], places: number[]): Pick<Profile, "frames" | "stacks"> {
  if (places.includes(0)) return { frames, stacks };
  const order = frames.map((_, i) => i).sort((a, b) => places[a] - places[b] || a - b);
  const to = new Uint32Array(frames.length);
  order.forEach((from, i) => to[from] = i);
  return {
    frames: order.map((i) => frames[i]),
    stacks: stacks.map((s) => ({ ...s, frames: s.frames.map((f) => to[f]) })),
  };
}

/** Several values of one key stand behind one another. */
function labelsOf(list: readonly PprofLabel[]): Record<string, string> {
  const labels: [string, string][] = [];
  for (const { key, text, number, unit } of list) {
    const value = text !== "" ? text : number !== 0 || unit !== "" ? `${number}${unit === "" ? "" : ` ${unit}`}` : "";
    const known = labels.length === 0 ? undefined : labels.find(([k]) => k === key);
    if (known) known[1] += `, ${value}`;
    else labels.push([key, value]);
  }
  // Not assigned one by one: a key may be `__proto__`.
  return Object.fromEntries(labels);
}

function qualityOf(m: PprofMessage, types: readonly SampleType[], stacks: readonly ProfileStack[]): Quality {
  if (m.quality !== "") {
    try {
      return asQuality(JSON.parse(m.quality), "quality");
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw error instanceof FormatError ? error : new FormatError(error.message, "quality");
    }
  }
  const notes = [...m.comments];
  if (m.dropFrames !== "") notes.push(`pprof would hide the frames that match "${m.dropFrames}"; here they are shown.`);
  const counted = types.findIndex((t) => t.unit === "count");
  const events = counted < 0 ? stacks.length : stacks.reduce((sum, s) => sum + s.values[counted], 0);
  return quality({ events, duration_ns: Number(m.durationNanos), notes });
}

function isKind(kind: string): kind is FrameKind {
  return KINDS.has(kind);
}

const KINDS: ReadonlySet<string> = new Set<FrameKind>(["user", "kernel", "inlined", "interpreted", "gpu", "unknown"]);
