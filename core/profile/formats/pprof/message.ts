import type { Int64 } from "./_proto_reader.ts";

/**
 * A profile as pprof has it (github.com/google/pprof/blob/main/proto/profile.proto), texts in place of their numbers.
 * Times are nanoseconds.
 */
export interface PprofMessage {
  sampleTypes: PprofValueType[];
  samples: PprofSample[];
  mappings: PprofMapping[];
  locations: PprofLocation[];
  functions: PprofFunction[];
  /** Regular expression: frames that match are hidden with what they call, unless they match `keepFrames`. */
  dropFrames: string;
  keepFrames: string;
  /** Since 1970. */
  timeNanos: Int64;
  durationNanos: Int64;
  periodType: PprofValueType | null;
  period: Int64;
  comments: string[];
  defaultSampleType: string;
  docUrl: string;
  /** Ours: the Quality of the profile as JSON. Others pass over it. */
  quality: string;
}

export interface PprofValueType {
  type: string;
  unit: string;
}

export interface PprofSample {
  /** Leaf first. */
  locations: Int64[];
  values: number[];
  labels: PprofLabel[];
  /** Ours: the values where they are no integers. */
  exact: number[] | null;
}

/** A text, or where that is empty a number. */
export interface PprofLabel {
  key: string;
  text: string;
  number: number;
  unit: string;
}

export interface PprofMapping {
  id: Int64;
  start: Int64;
  limit: Int64;
  offset: Int64;
  file: string;
  buildId: string;
  hasFunctions: boolean;
  hasFilenames: boolean;
  hasLineNumbers: boolean;
  hasInlineFrames: boolean;
}

export interface PprofLocation {
  id: Int64;
  /** 0: none. */
  mapping: Int64;
  address: Int64;
  /** Innermost first: the last is the function that the others were inlined into. */
  lines: PprofLine[];
  isFolded: boolean;
}

export interface PprofLine {
  function: Int64;
  line: number;
  column: number;
  /** Ours: the frame's kind, where it is not what a reader would take it for. */
  kind: string;
  /** Ours: the place of the frame among those of the profile, counted from 1; 0 is not known. */
  place: number;
}

export interface PprofFunction {
  id: Int64;
  name: string;
  systemName: string;
  file: string;
  startLine: number;
}

/**
 * Numbers of our own fields: high enough that the format's own do not get there. Tools that do not know a field pass
 * over it.
 */
export const OWN_FIELD = 100;

/** A message without anything. */
export function emptyMessage(): PprofMessage {
  return {
    sampleTypes: [],
    samples: [],
    mappings: [],
    locations: [],
    functions: [],
    dropFrames: "",
    keepFrames: "",
    timeNanos: 0,
    durationNanos: 0,
    periodType: null,
    period: 0,
    comments: [],
    defaultSampleType: "",
    docUrl: "",
    quality: "",
  };
}
