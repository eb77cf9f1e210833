/**
 * Sonde's own JSON: what `sonde profile --json` prints, a result of kind `profile` within `{"schema": 1, "results": {…}}`.
 * It holds all that a profile has. Read is such a document, or a result alone; of several results the profiles are put
 * together.
 */
import { mergeProfiles } from "../../data/merge_profiles.ts";
import { type Frame, type Json, type Profile, resultToJson, type Timeline } from "../../data/mod.ts";
import { asKind, asSampleType } from "./_frame_shape.ts";
import { jsonReader } from "./_json_reader.ts";
import { pieces } from "./_pieces.ts";
import { profileBuilder } from "./_profile_builder.ts";
import { asQuality } from "./_quality_shape.ts";
import { asArray, asIndex, asNumber, asObject, asString, type JsonObject } from "./_shape.ts";
import type { ProfileFormat, ReadOptions } from "./format.ts";
import { FormatError } from "./format_error.ts";

/** Sonde's own JSON, which keeps everything. */
export const jsonFormat: ProfileFormat = {
  name: "json",
  endings: [".json"],
  doc: "Sonde's own JSON, as --json prints it; keeps everything",
  sniff: (head) => {
    const text = new TextDecoder().decode(head);
    return /^\s*\{/.test(text) && /"kind":\s*"profile"/.test(text) && /"sample_types":/.test(text);
  },
  reader: (options) => jsonReader((document) => fromDocument(document, options ?? {})),
  write: (profile) => pieces(document(profile)),
};

function* document(profile: Profile): Generator<string> {
  const { stacks: _, ...rest } = resultToJson({ ...profile, stacks: [] });
  // The same as JSON.stringify of the whole would give, a line for each stack.
  const head = JSON.stringify(rest);
  yield `{"schema":1,"results":{"profile":${head.slice(0, -1)},"stacks":[`;
  for (const [i, stack] of profile.stacks.entries()) {
    const { stacks } = resultToJson({ ...profile, timeline: undefined, stacks: [stack] });
    yield `${i > 0 ? "," : ""}\n${JSON.stringify((stacks as readonly Json[])[0])}`;
  }
  yield "\n]}}}\n";
}

function fromDocument(value: unknown, options: ReadOptions): Profile {
  const top = asObject(value, "the document");
  if (top.kind === "profile") return fromResult(top, "the document", options);
  const results = Object.entries(asObject(top.results, "results"));
  const profiles = results.flatMap(([name, result]) => {
    const json = asObject(result, `results.${name}`);
    return json.kind === "profile" ? [fromResult(json, `results.${name}`, options)] : [];
  });
  if (profiles.length === 0) throw new FormatError("no profile among them", "results");
  return profiles.length === 1 ? profiles[0] : mergeProfiles(profiles);
}

function fromResult(json: JsonObject, place: string, options: ReadOptions): Profile {
  const builder = profileBuilder();
  const types = asArray(json.sample_types, `${place}.sample_types`).map((t, i) =>
    builder.type(asSampleType(asObject(t, `${place}.sample_types[${i}]`), `${place}.sample_types[${i}]`))
  );
  const ids = asArray(json.stacks, `${place}.stacks`).map((s, i) => {
    const at = `${place}.stacks[${i}]`;
    const stack = asObject(s, at);
    const frames = asArray(stack.frames, `${at}.frames`).map((f) => builder.frame(asFrame(f, `${at}.frames`)));
    const labels = builder.labels(asLabels(stack.labels, `${at}.labels`));
    const values = asArray(stack.values, `${at}.values`);
    if (values.length !== types.length) {
      throw new FormatError(`${values.length} for ${types.length} types`, `${at}.values`);
    }
    let id = -1;
    values.forEach((v, t) =>
      id = builder.add(frames, labels, types[t], v === null ? NaN : asNumber(v, `${at}.values`))
    );
    return id;
  });
  const timeline = json.timeline === undefined ? undefined : asObject(json.timeline, `${place}.timeline`);
  if (!timeline || options.timeline === false) return builder.build(asQuality(json.quality, `${place}.quality`));
  addTimes(timeline, ids, builder.at, `${place}.timeline`);
  return builder.build(asQuality(json.quality, `${place}.quality`), { startNs: startOf(timeline, place) });
}

function addTimes(
  timeline: JsonObject,
  ids: readonly number[],
  at: (timeNs: number, stack: number, value: number) => void,
  place: string,
): void {
  const [times, stacks, values] = ["t_ns", "stack", "v"].map((n) => asArray(timeline[n], `${place}.${n}`));
  if (times.length !== stacks.length || times.length !== values.length) throw new FormatError("lengths differ", place);
  times.forEach((t, i) =>
    at(
      asNumber(t, `${place}.t_ns`),
      ids[asIndex(stacks[i], ids.length, `${place}.stack`)],
      asNumber(values[i], `${place}.v`),
    )
  );
}

function startOf(timeline: JsonObject, place: string): Timeline["startNs"] {
  if (timeline.start_ns === null) return null;
  const text = asString(timeline.start_ns, `${place}.timeline.start_ns`);
  if (!/^-?\d{1,20}$/.test(text)) throw new FormatError("no integer", `${place}.timeline.start_ns`);
  return BigInt(text);
}

function asFrame(value: unknown, place: string): Frame {
  const f = asObject(value, place);
  return {
    function: asString(f.function, `${place}.function`),
    module: asString(f.module, `${place}.module`),
    file: asString(f.file, `${place}.file`),
    line: asIndex(f.line, Infinity, `${place}.line`),
    kind: asKind(f.kind, `${place}.kind`),
  };
}

function asLabels(value: unknown, place: string): Record<string, string> {
  return Object.fromEntries(Object.entries(asObject(value, place)).map(([k, v]) => [k, asString(v, place)]));
}
