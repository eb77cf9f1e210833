// deno-lint-ignore-file no-explicit-any -- the JSON of another tool
import assert from "node:assert/strict";
import { KIND, memberPath, openBtf, parseBtf, typeText } from "./mod.ts";
import { skip } from "../../tests/skip.ts";

const VMLINUX = "/sys/kernel/btf/vmlinux";

/** `bpftool btf dump -j`: all types, or null where the tool or the file is missing. */
function dump(): any[] | null {
  try {
    const args = ["-j", "btf", "dump", "file", VMLINUX];
    const out = new Deno.Command("bpftool", { args, stdout: "piped", stderr: "null" }).outputSync();
    return out.success ? JSON.parse(new TextDecoder().decode(out.stdout)).types : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

Deno.test("every struct member, parameter, name and size is what bpftool prints", () => {
  const types = dump();
  if (!types) return skip("bpftool or the kernel's BTF is missing");
  using open = openBtf(VMLINUX);
  const { btf } = open;
  assert.equal(btf.lastId, types.length);
  const kindName = Object.fromEntries(Object.entries(KIND).map(([name, number]) => [number, name]));
  let members = 0;
  let params = 0;
  for (const t of types) {
    assert.equal(kindName[btf.kind(t.id)], t.kind, `type ${t.id}`);
    assert.equal(btf.name(t.id), t.name === "(anon)" ? "" : t.name, `type ${t.id}`);
    if (t.kind === "STRUCT" || t.kind === "UNION") {
      assert.equal(btf.size(t.id), t.size);
      const ours = btf.members(t.id);
      assert.deepEqual(
        ours.map((m) => [m.name, m.type, m.bitOffset, m.bitSize]),
        t.members.map((m: any) => [
          m.name === "(anon)" ? "" : m.name,
          m.type_id,
          m.bits_offset,
          m.bitfield_size ?? 0,
        ]),
      );
      members += ours.length;
    } else if (t.kind === "FUNC_PROTO") {
      assert.deepEqual(
        btf.params(t.id).map((p) => [p.name, p.type]),
        t.params.map((p: any) => [p.name === "(anon)" ? "" : p.name, p.type_id]),
      );
      params += t.params.length;
    } else if (t.kind === "INT") {
      assert.deepEqual(btf.int(t.id), {
        bits: t.nr_bits,
        signed: t.encoding === "SIGNED",
        bool: t.encoding === "BOOL",
      });
    } else if (t.type_id !== undefined && t.kind !== "ARRAY") assert.equal(btf.target(t.id), t.type_id);
  }
  assert.ok(members > 10_000 && params > 10_000, `${members} members, ${params} parameters`);
});

Deno.test("memberPath() follows pointers, anonymous members, arrays and bit fields", () => {
  const types = dump();
  if (!types) return skip("bpftool or the kernel's BTF is missing");
  using open = openBtf(VMLINUX);
  const { btf } = open;
  const task = btf.find("task_struct", KIND.STRUCT);
  const raw = (id: number): any => types[id - 1];
  const offset = (id: number, name: string): number =>
    raw(id).members.find((m: any) => m.name === name).bits_offset / 8;

  const parent = memberPath(btf, task, ["real_parent", "tgid"]);
  assert.ok(!("error" in parent));
  assert.deepEqual(parent.offsets, [offset(task, "real_parent"), offset(task, "tgid")]);
  assert.deepEqual(parent.leaf, { kind: "int", width: 4, signed: true, bool: false });
  assert.equal(parent.typeText, "pid_t");

  const comm = memberPath(btf, task, ["comm"]);
  assert.ok(!("error" in comm));
  assert.deepEqual(comm.leaf, { kind: "chars", size: 16 });

  const nested = memberPath(btf, task, ["se", "sum_exec_runtime"]);
  assert.ok(!("error" in nested));
  const se = btf.find("sched_entity", KIND.STRUCT);
  assert.deepEqual(nested.offsets, [offset(task, "se") + offset(se, "sum_exec_runtime")]);

  // mm_struct keeps its members in an anonymous struct.
  const mm = memberPath(btf, task, ["mm", "arg_start"]);
  assert.ok(!("error" in mm), "error" in mm ? mm.error : "");
  assert.equal(mm.offsets.length, 2);
  assert.deepEqual(mm.leaf, { kind: "int", width: 8, signed: false, bool: false });

  const element = memberPath(btf, task, ["rlimit_of_nobody"]);
  assert.ok("error" in element && element.names.includes("tgid"));
  assert.match(element.error, /struct task_struct has no member "rlimit_of_nobody"/);

  const bit = memberPath(btf, task, ["in_execve"]);
  assert.ok(!("error" in bit) && bit.leaf.kind === "int" && bit.leaf.bits?.size === 1);
  const inExecve = raw(task).members.find((m: any) => m.name === "in_execve").bits_offset;
  assert.equal(bit.offsets[0] * 8 + bit.leaf.bits.shift, inExecve);

  assert.equal(typeText(btf, btf.find("pid_t", KIND.TYPEDEF)), "pid_t");
});

Deno.test("memberPath() takes what stands in parentheses as that struct: in place, or where it points to", () => {
  if (!dump()) return skip("bpftool or the kernel's BTF is missing");
  using open = openBtf(VMLINUX);
  const { btf } = open;
  const task = btf.find("task_struct", KIND.STRUCT);
  const path = (from: number, ...names: string[]): unknown => {
    const found = memberPath(btf, from, names);
    return "error" in found ? found.error : found;
  };
  // struct tcp_sock begins with the struct sock, so that one of the other is at the same place.
  const tcp = btf.find("tcp_sock", KIND.STRUCT);
  const sock = btf.find("sock", KIND.STRUCT);
  const rtt = memberPath(btf, tcp, ["srtt_us"]);
  assert.ok(!("error" in rtt) && rtt.leaf.kind === "int" && rtt.leaf.width === 4);
  assert.deepEqual(path(sock, "(tcp_sock)", "srtt_us"), rtt);
  assert.deepEqual(path(0, "(tcp_sock)", "srtt_us"), rtt, "a pointer to void, or a number");
  assert.deepEqual(path(sock, "(tcp_sock)", "(sock)", "(tcp_sock)", "srtt_us"), rtt);
  // Behind a pointer, and behind a number of 8 bytes that may be one.
  const parent = memberPath(btf, task, ["real_parent", "tgid"]);
  assert.deepEqual(path(task, "real_parent", "(task_struct)", "tgid"), parent);
  const stack = memberPath(btf, task, ["stack"]);
  assert.ok(!("error" in stack) && stack.leaf.kind === "pointer");
  const followed = memberPath(btf, task, ["stack", "(tcp_sock)", "srtt_us"]);
  assert.ok(!("error" in followed));
  assert.deepEqual(followed.offsets, [...stack.offsets, ...rtt.offsets]);
  const start = memberPath(btf, task, ["start_time"]);
  const number = memberPath(btf, task, ["start_time", "(tcp_sock)", "srtt_us"]);
  assert.ok(!("error" in number) && !("error" in start));
  assert.deepEqual(number.offsets, [...start.offsets, ...rtt.offsets]);

  assert.equal(path(sock, "(tcp_sok)", "srtt_us"), 'the kernel has no struct "tcp_sok"');
  assert.equal(path(sock, "(tcp_sock)", "srtt"), 'struct tcp_sock has no member "srtt"');
  assert.equal(path(task, "tgid", "(tcp_sock)", "srtt_us"), "pid_t is too small for an address");
  assert.equal(path(sock, "(tcp_sock)"), "struct tcp_sock is no single value");
  assert.match(String(path(task, "stack", "srtt_us")), /void \* has no members, so no "srtt_us"; name its struct/);
});

Deno.test("memberPath() ends at addresses of the network", () => {
  if (!dump()) return skip("bpftool or the kernel's BTF is missing");
  using open = openBtf(VMLINUX);
  const { btf } = open;
  const v6 = memberPath(btf, btf.find("sock", KIND.STRUCT), ["__sk_common", "skc_v6_daddr"]);
  assert.ok(!("error" in v6));
  assert.deepEqual([v6.leaf, v6.typeText], [{ kind: "ip", size: 16 }, "struct in6_addr"]);
  const v4 = memberPath(btf, btf.find("sockaddr_in", KIND.STRUCT), ["sin_addr"]);
  assert.deepEqual(!("error" in v4) && [v4.offsets, v4.leaf], [[4], { kind: "ip", size: 4 }]);
});

Deno.test("parseBtf() refuses what is no BTF, and a cut file", () => {
  assert.throws(() => parseBtf(new Uint8Array(10)), TypeError);
  assert.throws(() => parseBtf(new Uint8Array(100)), /magic/);
  const header = new Uint8Array(24);
  new DataView(header.buffer).setUint16(0, 0xeb9f, true);
  new DataView(header.buffer).setUint32(4, 24, true);
  new DataView(header.buffer).setUint32(12, 4096, true);
  assert.throws(() => parseBtf(header), /outside/);
});
