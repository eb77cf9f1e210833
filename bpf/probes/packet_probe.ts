import { type Field, field } from "../../core/data/mod.ts";
import type { Host } from "../../core/host/mod.ts";
import type { ProbePoint } from "../../core/query/mod.ts";
import type { Access } from "../codegen/access.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import { globOf, type Place, type PointKind, upTo } from "./point_kind.ts";

type Point = Extract<ProbePoint, { kind: "xdp" }>;

/** Let the packet go its way (include/uapi/linux/bpf.h, enum xdp_action). */
const XDP_PASS = 2;

/** struct xdp_md: data, data_end, data_meta, ingress_ifindex, rx_queue_index, all 32 bits. */
const FIELDS: readonly { readonly field: Field; readonly access: Access }[] = [
  { field: field("args.len", "bytes", "Bytes of the packet"), access: { kind: "packet_length" } },
  {
    field: { ...field("args.ifindex", "int", "Number of the interface"), unsigned: true },
    access: { kind: "context", offset: 12, width: 4, signed: false },
  },
  {
    field: { ...field("args.queue", "int", "The queue it came through"), unsigned: true },
    access: { kind: "context", offset: 16, width: 4, signed: false },
  },
];

/** Packets that arrive at an interface, before anything else sees them. They are looked at, and go on. */
export function packetKind(host: Host): PointKind<Point> {
  const find = (name: string): typeof FIELDS[number] | null => FIELDS.find((f) => f.field.name === name) ?? null;
  const interfaces = (): string[] => host.netDevs().map((d) => d.name);
  return {
    field: (_point, name) => find(name),
    fields: (point) => interfaces().includes(point.interface) ? FIELDS.map((f) => f.field) : null,
    places(point): readonly Place[] {
      const names = interfaces();
      if (!names.includes(point.interface)) {
        throw new CannotGenerate(
          `there is no network interface "${point.interface}"`,
          `Interfaces here: ${names.join(", ")}`,
        );
      }
      return [{
        attach: { kind: "xdp", interface: point.interface },
        guards: [],
        // No task has to do with it.
        surroundings: { tasks: false, item: null, result: XDP_PASS },
        access: (name) => find(name)?.access ?? null,
      }];
    },
    match(pattern, limit): ReturnType<PointKind<Point>["match"]> {
      const names = interfaces().filter(globOf(pattern?.interface ?? "*"));
      return upTo(names.map((name): Point => ({ kind: "xdp", interface: name })), limit);
    },
  };
}
