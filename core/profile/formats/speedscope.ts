/**
 * The file format of speedscope (github.com/jlfwong/speedscope, src/lib/file-format-spec.ts): all of its ages, profiles of
 * samples and of events. A profile of events counts between two events what is open.
 *
 * What it has no place for (modules, kinds, labels, sample types, quality, times) stands under the key `sonde`, which
 * speedscope passes over; so Sonde reads back what it wrote. Of other files several profiles are told apart by the label
 * `thread`, their names.
 */
import { type Profile, quality, type SampleType } from "../../data/mod.ts";
import { asKind, asSampleType } from "./_frame_shape.ts";
import { jsonReader } from "./_json_reader.ts";
import { type ProfileBuilder, profileBuilder } from "./_profile_builder.ts";
import { asQuality } from "./_quality_shape.ts";
import { asArray, asIndex, asNumber, asObject, asString, type JsonObject } from "./_shape.ts";
import type { ProfileFormat, ReadOptions } from "./format.ts";
import { FormatError } from "./format_error.ts";
import { speedscopePieces } from "./write_speedscope.ts";

/** Files of speedscope.app. */
export const speedscopeFormat: ProfileFormat = {
  name: "speedscope",
  endings: [".speedscope.json", ".speedscope"],
  doc: "JSON of speedscope.app",
  sniff: (head) => {
    const text = new TextDecoder().decode(head);
    return /^\s*\{/.test(text) &&
      (text.includes("speedscope.app/file-format-schema") ||
        /"type":\s*"(evented|sampled)"/.test(text) && /"shared"|"profiles"/.test(text));
  },
  reader: (options) => jsonReader((document) => fromDocument(document, options ?? {})),
  write: (profile, options) => speedscopePieces(profile, options),
};

/** One profile of the file being read. */
interface Part {
  readonly json: JsonObject;
  readonly place: string;
  readonly frames: readonly number[];
  readonly type: number;
  /** To nanoseconds, where values are times. */
  readonly scale: number;
  readonly labels: number;
  /** Labels of each sample, where Sonde wrote the file. */
  readonly labelsOf: ((sample: number) => number) | null;
  readonly builder: ProfileBuilder;
  readonly timed: boolean;
}

function fromDocument(value: unknown, options: ReadOptions): Profile {
  const top = asObject(value, "the document");
  const ours = top.sonde === undefined ? null : asObject(top.sonde, "sonde");
  const builder = profileBuilder();
  const shared = top.shared === undefined ? undefined : asObject(top.shared, "shared").frames;
  const frames = shared === undefined ? null : framesOf(shared, "shared.frames", builder);
  const labelSets = asArray(ours?.labels ?? [], "sonde.labels").map((l) => builder.labels(textsOf(l, "sonde.labels")));
  const types = asArray(ours?.sample_types ?? [], "sonde.sample_types").map((t) =>
    builder.type(asSampleType(asObject(t, "sonde.sample_types"), "sonde.sample_types"))
  );
  const profiles = asArray(top.profiles, "profiles");
  const timed = options.timeline === true && ours === null;
  let events = 0;
  for (const [i, p] of profiles.entries()) {
    const place = `profiles[${i}]`;
    const json = asObject(p, place);
    const own = json.sonde === undefined ? null : asObject(json.sonde, `${place}.sonde`);
    if (own?.sum === true) continue;
    const unit = json.unit === undefined ? "none" : asString(json.unit, `${place}.unit`);
    const known = UNITS[unit];
    if (!known) throw new FormatError(`no unit that speedscope has`, `${place}.unit`);
    const type = ours && own ? types[asIndex(own.type, types.length, `${place}.sonde.type`)] : builder.type(known.type);
    const stackLabels = own ? asArray(own.labels, `${place}.sonde.labels`) : null;
    const name = json.name === undefined ? "" : asString(json.name, `${place}.name`);
    const part: Part = {
      json,
      place,
      frames: frames ?? framesOf(json.frames, `${place}.frames`, builder),
      type,
      scale: ours ? 1 : known.scale,
      labels: builder.labels(profiles.length > 1 && !ours ? { thread: name } : {}),
      labelsOf: stackLabels &&
        ((n) => labelSets[asIndex(stackLabels[n], labelSets.length, `${place}.sonde.labels[${n}]`)]),
      builder,
      timed: timed && known.type.unit === "ns",
    };
    if (json.type === "sampled") events += readSampled(part);
    else if (json.type === "evented") events += readEvented(part);
    else throw new FormatError("neither sampled nor evented", `${place}.type`);
  }
  const q = ours?.quality === undefined ? quality({ events }) : asQuality(ours.quality, "sonde.quality");
  return builder.build(q, timed ? { startNs: null } : undefined);
}

/** @returns how many samples */
function readSampled({ json, place, frames, type, scale, labels, labelsOf, builder, timed }: Part): number {
  const samples = asArray(json.samples, `${place}.samples`);
  const weights = asArray(json.weights, `${place}.weights`);
  if (samples.length !== weights.length) {
    throw new FormatError(`${weights.length} weights for ${samples.length} samples`, place);
  }
  let at = json.startValue === undefined ? 0 : asNumber(json.startValue, `${place}.startValue`);
  samples.forEach((sample, i) => {
    const stack = asArray(sample, `${place}.samples[${i}]`);
    const list = stack.map((f) => frames[asIndex(f, frames.length, `${place}.samples[${i}]`)]);
    const weight = asNumber(weights[i], `${place}.weights[${i}]`);
    const id = builder.add(list, labelsOf?.(i) ?? labels, type, weight * scale);
    if (timed) builder.at(at * scale, id, weight * scale);
    at += weight;
  });
  return samples.length;
}

/** @returns how many spans */
function readEvented({ json, place, frames, type, scale, labels, builder, timed }: Part): number {
  const open: number[] = [];
  let at = json.startValue === undefined ? 0 : asNumber(json.startValue, `${place}.startValue`);
  let spans = 0;
  const count = (to: number): void => {
    if (open.length > 0 && to > at) {
      const id = builder.add(open, labels, type, (to - at) * scale);
      if (timed) builder.at(at * scale, id, (to - at) * scale);
      spans++;
    }
    at = to;
  };
  for (const [i, e] of asArray(json.events, `${place}.events`).entries()) {
    const here = `${place}.events[${i}]`;
    const event = asObject(e, here);
    const when = asNumber(event.at, `${here}.at`);
    if (when < at) throw new FormatError("earlier than the event before", `${here}.at`);
    count(when);
    const frame = frames[asIndex(event.frame, frames.length, `${here}.frame`)];
    if (event.type === "O") {
      if (open.length === MAX_DEPTH) throw new FormatError(`more than ${MAX_DEPTH} open frames`, here);
      open.push(frame);
    } else if (event.type !== "C") throw new FormatError("neither O nor C", `${here}.type`);
    else if (open.pop() !== frame) throw new FormatError("closes a frame that is not the innermost", here);
  }
  if (json.endValue !== undefined) count(Math.max(at, asNumber(json.endValue, `${place}.endValue`)));
  return spans;
}

function framesOf(value: unknown, place: string, builder: ProfileBuilder): number[] {
  return asArray(value, place).map((f, i) => {
    const at = `${place}[${i}]`;
    const frame = asObject(f, at);
    const own = frame.sonde === undefined ? {} : asObject(frame.sonde, `${at}.sonde`);
    const text = (of: JsonObject, key: string, or: string): string =>
      of[key] === undefined || of[key] === null ? or : asString(of[key], `${at}.${key}`);
    return builder.frame({
      function: text(own, "function", text(frame, "name", "")),
      module: text(own, "module", ""),
      file: text(frame, "file", ""),
      line: frame.line === undefined || frame.line === null ? 0 : asIndex(frame.line, Infinity, `${at}.line`),
      kind: own.kind === undefined ? "user" : asKind(own.kind, `${at}.sonde.kind`),
    });
  });
}

function textsOf(value: unknown, place: string): Record<string, string> {
  return Object.fromEntries(Object.entries(asObject(value, place)).map(([k, v]) => [k, asString(v, place)]));
}

const TIME: SampleType = { name: "time", unit: "ns" };
const UNITS: Readonly<Record<string, { readonly type: SampleType; readonly scale: number } | undefined>> = {
  none: { type: { name: "samples", unit: "count" }, scale: 1 },
  nanoseconds: { type: TIME, scale: 1 },
  microseconds: { type: TIME, scale: 1e3 },
  milliseconds: { type: TIME, scale: 1e6 },
  seconds: { type: TIME, scale: 1e9 },
  bytes: { type: { name: "space", unit: "bytes" }, scale: 1 },
};
const MAX_DEPTH = 1 << 16;
