import { OWN_FIELD, type PprofMessage, type PprofValueType } from "./message.ts";
import { type ProtoWriter, protoWriter } from "./_proto_writer.ts";

/** Encodes `perftools.profiles.Profile`, not packed. */
export function encodePprof(m: PprofMessage): Uint8Array<ArrayBuffer> {
  const w = protoWriter();
  const strings: string[] = [""];
  const index = new Map([["", 0]]);
  const text = (value: string): number => {
    let n = index.get(value);
    if (n === undefined) index.set(value, n = strings.push(value) - 1);
    return n;
  };
  for (const t of m.sampleTypes) valueType(w, 1, t, text);
  for (const s of m.samples) {
    w.message(2, () => {
      w.ints(1, s.locations);
      w.ints(2, s.values);
      for (const l of s.labels) {
        w.message(3, () => {
          w.int(1, text(l.key));
          w.int(2, text(l.text));
          w.int(3, l.number);
          w.int(4, text(l.unit));
        });
      }
      if (s.exact) w.doubles(OWN_FIELD, s.exact);
    });
  }
  for (const p of m.mappings) {
    w.message(3, () => {
      w.int(1, p.id);
      w.int(2, p.start);
      w.int(3, p.limit);
      w.int(4, p.offset);
      w.int(5, text(p.file));
      w.int(6, text(p.buildId));
      w.int(7, p.hasFunctions ? 1 : 0);
      w.int(8, p.hasFilenames ? 1 : 0);
      w.int(9, p.hasLineNumbers ? 1 : 0);
      w.int(10, p.hasInlineFrames ? 1 : 0);
    });
  }
  for (const l of m.locations) {
    w.message(4, () => {
      w.int(1, l.id);
      w.int(2, l.mapping);
      w.int(3, l.address);
      for (const line of l.lines) {
        w.message(4, () => {
          w.int(1, line.function);
          w.int(2, line.line);
          w.int(3, line.column);
          w.int(OWN_FIELD, text(line.kind));
          w.int(OWN_FIELD + 1, line.place);
        });
      }
      w.int(5, l.isFolded ? 1 : 0);
    });
  }
  for (const f of m.functions) {
    w.message(5, () => {
      w.int(1, f.id);
      w.int(2, text(f.name));
      w.int(3, text(f.systemName));
      w.int(4, text(f.file));
      w.int(5, f.startLine);
    });
  }
  w.int(7, text(m.dropFrames));
  w.int(8, text(m.keepFrames));
  w.int(9, m.timeNanos);
  w.int(10, m.durationNanos);
  if (m.periodType) valueType(w, 11, m.periodType, text);
  w.int(12, m.period);
  w.ints(13, m.comments.map(text));
  w.int(14, text(m.defaultSampleType));
  w.int(15, text(m.docUrl));
  w.int(OWN_FIELD, text(m.quality));
  for (const s of strings) w.bytes(6, encoder.encode(s));
  return w.finish();
}

function valueType(w: ProtoWriter, field: number, t: PprofValueType, text: (value: string) => number): void {
  w.message(field, () => {
    w.int(1, text(t.type));
    w.int(2, text(t.unit));
  });
}

const encoder = new TextEncoder();
