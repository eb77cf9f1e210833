import { FormatError } from "../format_error.ts";
import { emptyMessage, OWN_FIELD, type PprofMessage } from "./message.ts";
import { type Int64, type ProtoReader, protoReader } from "./_proto_reader.ts";

/**
 * Decodes `perftools.profiles.Profile`.
 *
 * @param bytes unpacked
 * @throws {FormatError} when it is broken, or names a text that is not there
 */
export function decodePprof(bytes: Uint8Array): PprofMessage {
  const m = emptyMessage();
  const strings = readStrings(bytes);
  const text: Text = (reader) => stringAt(strings, reader.int());
  const r = protoReader(bytes);
  for (let field = r.next(); field !== 0; field = r.next()) {
    switch (field) {
      case 1:
        m.sampleTypes.push(valueType(r, text));
        break;
      case 2:
        m.samples.push(sample(r, text));
        break;
      case 3:
        m.mappings.push(mapping(r, text));
        break;
      case 4:
        m.locations.push(location(r, text));
        break;
      case 5:
        m.functions.push(pprofFunction(r, text));
        break;
      case 6:
        r.skip();
        break;
      case 7:
        m.dropFrames = text(r);
        break;
      case 8:
        m.keepFrames = text(r);
        break;
      case 9:
        m.timeNanos = signed(r.uint());
        break;
      case 10:
        m.durationNanos = signed(r.uint());
        break;
      case 11:
        m.periodType = valueType(r, text);
        break;
      case 12:
        m.period = signed(r.uint());
        break;
      case 13: {
        const numbers: number[] = [];
        r.ints(numbers);
        for (const n of numbers) m.comments.push(stringAt(strings, n));
        break;
      }
      case 14:
        m.defaultSampleType = text(r);
        break;
      case 15:
        m.docUrl = text(r);
        break;
      case OWN_FIELD:
        m.quality = text(r);
        break;
      default:
        r.skip();
    }
  }
  return m;
}

/** The text whose number a field is. */
type Text = (reader: ProtoReader) => string;

/** Texts come last in most files: they are read first, so that everything else finds them. */
function readStrings(bytes: Uint8Array): string[] {
  const strings: string[] = [];
  const r = protoReader(bytes);
  for (let field = r.next(); field !== 0; field = r.next()) {
    if (field === 6) strings.push(decoder.decode(r.bytes()));
    else r.skip();
  }
  if (strings.length === 0) strings.push("");
  if (strings[0] !== "") throw new FormatError("the first text is not empty", "string_table");
  return strings;
}

function valueType(r: ProtoReader, text: Text): PprofMessage["sampleTypes"][number] {
  const mark = r.enter();
  const v = { type: "", unit: "" };
  for (let field = r.next(); field !== 0; field = r.next()) {
    if (field === 1) v.type = text(r);
    else if (field === 2) v.unit = text(r);
    else r.skip();
  }
  r.leave(mark);
  return v;
}

function sample(r: ProtoReader, text: Text): PprofMessage["samples"][number] {
  const mark = r.enter();
  const s: PprofMessage["samples"][number] = { locations: [], values: [], labels: [], exact: null };
  for (let field = r.next(); field !== 0; field = r.next()) {
    if (field === 1) r.uints(s.locations);
    else if (field === 2) r.ints(s.values);
    else if (field === 3) s.labels.push(label(r, text));
    else if (field === OWN_FIELD && r.wire === 2) {
      const b = r.bytes();
      const v = new DataView(b.buffer, b.byteOffset, b.length);
      s.exact = Array.from({ length: b.length >>> 3 }, (_, i) => v.getFloat64(i * 8, true));
      if (!s.exact.every(Number.isFinite)) throw new FormatError("a value that is no number", "sample");
    } else r.skip();
  }
  r.leave(mark);
  return s;
}

function label(r: ProtoReader, text: Text): PprofMessage["samples"][number]["labels"][number] {
  const mark = r.enter();
  const l = { key: "", text: "", number: 0, unit: "" };
  for (let field = r.next(); field !== 0; field = r.next()) {
    if (field === 1) l.key = text(r);
    else if (field === 2) l.text = text(r);
    else if (field === 3) l.number = r.int();
    else if (field === 4) l.unit = text(r);
    else r.skip();
  }
  r.leave(mark);
  return l;
}

function mapping(r: ProtoReader, text: Text): PprofMessage["mappings"][number] {
  const mark = r.enter();
  const m = {
    id: 0 as Int64,
    start: 0 as Int64,
    limit: 0 as Int64,
    offset: 0 as Int64,
    file: "",
    buildId: "",
    hasFunctions: false,
    hasFilenames: false,
    hasLineNumbers: false,
    hasInlineFrames: false,
  };
  for (let field = r.next(); field !== 0; field = r.next()) {
    if (field === 1) m.id = r.uint();
    else if (field === 2) m.start = r.uint();
    else if (field === 3) m.limit = r.uint();
    else if (field === 4) m.offset = r.uint();
    else if (field === 5) m.file = text(r);
    else if (field === 6) m.buildId = text(r);
    else if (field === 7) m.hasFunctions = r.bool();
    else if (field === 8) m.hasFilenames = r.bool();
    else if (field === 9) m.hasLineNumbers = r.bool();
    else if (field === 10) m.hasInlineFrames = r.bool();
    else r.skip();
  }
  r.leave(mark);
  return m;
}

function location(r: ProtoReader, text: Text): PprofMessage["locations"][number] {
  const mark = r.enter();
  const l: PprofMessage["locations"][number] = { id: 0, mapping: 0, address: 0, lines: [], isFolded: false };
  for (let field = r.next(); field !== 0; field = r.next()) {
    if (field === 1) l.id = r.uint();
    else if (field === 2) l.mapping = r.uint();
    else if (field === 3) l.address = r.uint();
    else if (field === 4) l.lines.push(line(r, text));
    else if (field === 5) l.isFolded = r.bool();
    else r.skip();
  }
  r.leave(mark);
  return l;
}

function line(r: ProtoReader, text: Text): PprofMessage["locations"][number]["lines"][number] {
  const mark = r.enter();
  const l = { function: 0 as Int64, line: 0, column: 0, kind: "", place: 0 };
  for (let field = r.next(); field !== 0; field = r.next()) {
    if (field === 1) l.function = r.uint();
    else if (field === 2) l.line = r.int();
    else if (field === 3) l.column = r.int();
    else if (field === OWN_FIELD && r.wire === 0) l.kind = text(r);
    else if (field === OWN_FIELD + 1 && r.wire === 0) l.place = r.int();
    else r.skip();
  }
  r.leave(mark);
  return l;
}

function pprofFunction(r: ProtoReader, text: Text): PprofMessage["functions"][number] {
  const mark = r.enter();
  const f = { id: 0 as Int64, name: "", systemName: "", file: "", startLine: 0 };
  for (let field = r.next(); field !== 0; field = r.next()) {
    if (field === 1) f.id = r.uint();
    else if (field === 2) f.name = text(r);
    else if (field === 3) f.systemName = text(r);
    else if (field === 4) f.file = text(r);
    else if (field === 5) f.startLine = r.int();
    else r.skip();
  }
  r.leave(mark);
  return f;
}

function stringAt(strings: readonly string[], index: number): string {
  const found = strings[index];
  if (found === undefined) throw new FormatError(`no text ${index}: there are ${strings.length}`, "string_table");
  return found;
}

/** The signed reading of 64 bits. */
function signed(n: Int64): Int64 {
  if (typeof n === "number") return n;
  const value = BigInt.asIntN(64, n);
  return value >= -(2n ** 53n) && value < 2n ** 53n ? Number(value) : value;
}

const decoder = new TextDecoder();
