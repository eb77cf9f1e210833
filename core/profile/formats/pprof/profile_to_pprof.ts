import type { Frame, Profile } from "../../../data/mod.ts";
import { emptyMessage, type PprofMessage } from "./message.ts";
import { kindOfModule } from "./_pprof_kind.ts";
import { unitForPprof } from "./pprof_units.ts";

/**
 * The message of a profile. What pprof has no place for is in fields of our own, so that reading gives the profile back:
 * kinds of frames that are not plain, values that are no integers, the whole Quality. A timeline is left out.
 */
export function profileToPprof(profile: Profile): PprofMessage {
  const { frames, sampleTypes, stacks, quality } = profile;
  const m = emptyMessage();
  m.sampleTypes = sampleTypes.map((t) => ({ type: t.name, unit: unitForPprof(t.unit) }));
  m.durationNanos = Math.round(quality.duration_ns);
  m.comments = [...quality.notes];
  m.quality = JSON.stringify(quality);
  if (profile.timeline?.startNs) m.timeNanos = profile.timeline.startNs;

  const mappings = numbers<string>((file) =>
    void m.mappings.push({
      id: m.mappings.length + 1,
      start: 0,
      limit: 0,
      offset: 0,
      file,
      buildId: "",
      hasFunctions: true,
      hasFilenames: true,
      hasLineNumbers: true,
      hasInlineFrames: true,
    })
  );
  const functions = numbers<string>((key) => {
    const [name, file] = JSON.parse(key);
    m.functions.push({ id: m.functions.length + 1, name, systemName: name, file, startLine: 0 });
  });
  const locations = numbers<string>((key) => {
    const group = key.split(",").map(Number);
    const { module } = frames[group[0]];
    m.locations.push({
      id: m.locations.length + 1,
      mapping: module === "" ? 0 : mappings(module),
      address: 0,
      lines: group.map((place, i) => {
        const f = frames[place];
        return {
          function: f.function === "" && f.file === "" ? 0 : functions(JSON.stringify([f.function, f.file])),
          line: f.line,
          column: 0,
          kind: f.kind === (i > 0 ? "inlined" : kindOfModule(module)) ? "" : f.kind,
          place: place + 1,
        };
      }).reverse(),
      isFolded: false,
    });
  });

  // Most locations are one frame: no key is made for these.
  const single = new Uint32Array(frames.length);
  const locationOf = (list: readonly number[], from: number, to: number): number => {
    if (to - from > 1) return locations(list.slice(from, to).join(","));
    return single[list[from]] ||= locations(String(list[from]));
  };

  for (const s of stacks) {
    const leafFirst: number[] = [];
    for (let i = s.frames.length; i > 0;) {
      const to = i--;
      // What was inlined is one location with the function that it was inlined into.
      while (i > 0 && joins(frames[s.frames[i]], frames[s.frames[i - 1]])) i--;
      leafFirst.push(locationOf(s.frames, i, to));
    }
    m.samples.push({
      locations: leafFirst,
      values: s.values.map((v) => Math.max(-MAX_INT, Math.min(MAX_INT, Math.round(v)))),
      labels: Object.entries(s.labels).map(([key, text]) => ({ key, text, number: 0, unit: "" })),
      exact: s.values.every(Number.isSafeInteger) ? null : [...s.values],
    });
  }
  return m;
}

/** Close to 2^63, and a double. */
const MAX_INT = 2 ** 63 - 1024;

function joins(frame: Frame, caller: Frame): boolean {
  return frame.kind === "inlined" && frame.module === caller.module;
}

/** Numbers things from 1, making each when it first comes. */
function numbers<T>(make: (thing: T) => void): (thing: T) => number {
  const known = new Map<T, number>();
  return (thing) => {
    let n = known.get(thing);
    if (n === undefined) {
      known.set(thing, n = known.size + 1);
      make(thing);
    }
    return n;
  };
}
