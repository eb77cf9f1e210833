/**
 * What a field holds. Every field of every result names one of these; the language checks operators against
 * them and the renderers format by them.
 *
 * | type | value in a column | unit |
 * |---|---|---|
 * | `int` | integer, 64 bits, signed unless the field says `unsigned` | a count, or none |
 * | `float` | double | none |
 * | `bool` | 0 or 1 | none |
 * | `string` | text | none |
 * | `duration` | integer | nanoseconds |
 * | `bytes` | integer | bytes |
 * | `rate` | double | per second of its `unit` (`bytes/s`, `events/s`) |
 * | `ratio` | double, 0–1; one CPU is 1.0 | none |
 * | `time` | integer | nanoseconds since 1970 (CLOCK_REALTIME) |
 * | `pid` | integer | a process (tgid) in sonde's own pid namespace |
 * | `tid` | integer | a thread |
 * | `address` | unsigned integer | a virtual address |
 * | `ip` | text | an IPv4 or IPv6 address |
 * | `stack` | list of {@linkcode Frame}, root first | none |
 * | `histogram` | {@linkcode HistogramCell} | that of its values |
 */
export type FieldType =
  | "int"
  | "float"
  | "bool"
  | "string"
  | "duration"
  | "bytes"
  | "rate"
  | "ratio"
  | "time"
  | "pid"
  | "tid"
  | "address"
  | "ip"
  | "stack"
  | "histogram";

/** The units that values of a result carry. `null` is "no unit". */
export type Unit = "ns" | "bytes" | "count" | "ratio" | "hz" | "bytes/s" | "events/s" | "celsius" | null;

/** The unit a field of this type has unless it says otherwise. */
export function defaultUnit(type: FieldType): Unit {
  switch (type) {
    case "duration":
    case "time":
      return "ns";
    case "bytes":
      return "bytes";
    case "ratio":
      return "ratio";
    case "rate":
      return "events/s";
    default:
      return null;
  }
}
