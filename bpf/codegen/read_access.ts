import { HELPER, type Label } from "../asm/mod.ts";
import { type Access, type Builtin, type MemberAccess } from "./access.ts";
import { CannotGenerate } from "./cannot_generate.ts";
import { CTX, FP, type Gen, ITEM } from "./gen.ts";

/** Reads a number into r0, or jumps to `onNull`. Loses r1–r5. @param name of the field, for messages */
export function emitAccess(g: Gen, access: Access, onNull: Label, name: string): void {
  const { a } = g;
  switch (access.kind) {
    case "builtin":
      return emitBuiltin(g, access.name);
    case "context":
      a.load(access.width, 0, CTX, access.offset);
      if (access.signed) emitSignExtension(g, access.width);
      return;
    case "member":
      return emitMember(g, access, onNull);
    case "namespaced": {
      // A level of a pid that is none of ours holds another namespace's number.
      emitMember(g, access.inode, onNull);
      a.constant(1, access.ours).jump("ne", 0, { r: 1 }, onNull);
      return emitMember(g, access.number, onNull);
    }
    case "carried": {
      const kept = g.carried[access.index];
      if (kept.nullFlag !== null) a.load(8, 1, FP, kept.nullFlag).jump("ne", 1, 0, onNull);
      a.load(8, 0, kept.base, kept.off);
      return;
    }
    case "duration":
      if (g.duration === null) throw new CannotGenerate("duration is known only at the end of a pair");
      a.load(8, 0, FP, g.duration);
      return;
    case "constant":
      a.constant(0, access.value);
      return;
    case "sum":
      emitAccess(g, access.of, onNull, name);
      a.constant(1, access.add).alu("add", 0, { r: 1 });
      return;
    case "name":
      return emitAccess(g, access.number, onNull, name);
    case "context_address":
      a.movReg(0, CTX);
      return;
    case "user_memory":
      return emitUserMemory(g, access, onNull);
    case "errno": {
      // The kernel's functions answer -1 to -4095 for an error (include/linux/err.h, MAX_ERRNO).
      const none = a.label("no_error"), done = a.label("errno");
      emitAccess(g, access.of, onNull, name);
      a.jump("sge", 0, 0, none).jump("slt", 0, -4095, none).alu("neg", 0, 0).goto(done);
      a.mark(none).constant(0, 0).mark(done);
      return;
    }
    case "packet_length":
      // struct xdp_md: data, data_end (include/uapi/linux/bpf.h).
      a.load(4, 0, CTX, 4).load(4, 1, CTX, 0).alu("sub", 0, { r: 1 });
      return;
    default:
      throw new CannotGenerate(`${name} is text where a number is wanted`);
  }
}

function emitBuiltin(g: Gen, name: Builtin): void {
  const { a } = g;
  switch (name) {
    case "pid":
      a.load(4, 0, FP, g.pidTgid() + 4);
      return;
    case "tid":
      a.load(4, 0, FP, g.pidTgid());
      return;
    case "uid":
      a.call(HELPER.get_current_uid_gid).alu("lsh", 0, 32).alu("rsh", 0, 32);
      return;
    case "cpu":
      a.call(HELPER.get_smp_processor_id);
      return;
    case "ktime":
      a.call(HELPER.ktime_get_ns);
      return;
    case "time":
      a.call(HELPER.ktime_get_ns).variable(1, "realtime_offset").alu("add", 0, { r: 1 });
      return;
    case "cgroup_id":
      a.call(HELPER.get_current_cgroup_id);
      return;
    case "cookie":
      a.movReg(1, CTX).call(HELPER.get_attach_cookie);
      return;
    case "comm":
      throw new CannotGenerate("comm is text where a number is wanted");
  }
}

/** The address that a walk ends at, in r3. */
export function emitMemberAddress(g: Gen, access: MemberAccess, onNull: Label): void {
  const { a } = g;
  if (access.base === "task") a.call(HELPER.get_current_task);
  else if (access.base === "item") a.movReg(0, ITEM);
  else a.load(8, 0, CTX, access.base);
  const last = access.offsets.length - 1;
  g.frame.withSlot((slot) => {
    access.offsets.forEach((offset, i) => {
      a.movReg(3, 0).alu("add", 3, offset);
      if (i === last) return;
      a.constant(2, 8).movReg(1, FP).alu("add", 1, slot).call(HELPER.probe_read_kernel);
      a.jump("ne", 0, 0, onNull).load(8, 0, FP, slot);
    });
  });
}

function emitMember(g: Gen, access: MemberAccess, onNull: Label): void {
  const { a } = g;
  const { leaf } = access;
  if (leaf.kind === "chars" || leaf.kind === "ip") {
    throw new CannotGenerate(`a member is ${leaf.kind === "ip" ? "an address of the network" : "text"}, not a number`);
  }
  emitMemberAddress(g, access, onNull);
  const width = leaf.kind === "pointer" ? 8 : leaf.width;
  g.frame.withSlot((slot) => {
    a.constant(2, width).movReg(1, FP).alu("add", 1, slot).call(HELPER.probe_read_kernel);
    a.jump("ne", 0, 0, onNull).load(width, 0, FP, slot);
  });
  if (leaf.kind === "pointer") return;
  if (leaf.bits) {
    const { shift, size } = leaf.bits;
    a.alu("lsh", 0, 64 - shift - size).alu(leaf.signed ? "arsh" : "rsh", 0, 64 - size);
  } else if (leaf.signed) emitSignExtension(g, width);
}

/** `*(base + index * scale + distance)` in the process's memory. */
function emitUserMemory(g: Gen, access: Extract<Access, { kind: "user_memory" }>, onNull: Label): void {
  const { a } = g;
  const { base, index, width } = access;
  a.constant(3, access.distance);
  if (base !== null) a.load(8, 0, CTX, base).alu("add", 3, { r: 0 });
  if (index) a.load(8, 0, CTX, index.offset).alu("lsh", 0, Math.log2(index.scale)).alu("add", 3, { r: 0 });
  g.frame.withSlot((slot) => {
    a.constant(2, width).movReg(1, FP).alu("add", 1, slot).call(HELPER.probe_read_user);
    a.jump("ne", 0, 0, onNull).load(width, 0, FP, slot);
  });
  if (access.signed) emitSignExtension(g, width);
}

function emitSignExtension(g: Gen, width: 1 | 2 | 4 | 8): void {
  if (width < 8) g.a.alu("lsh", 0, 64 - width * 8).alu("arsh", 0, 64 - width * 8);
}
