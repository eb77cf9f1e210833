import type { Frame } from "../../core/data/mod.ts";
import type { Host } from "../../core/host/mod.ts";
import { keptTables } from "../../core/profile/kept_tables.ts";
import type { StackEnd } from "../../core/profile/unwind/mod.ts";
import { type CodeMapping, codeMappings, findMapping, type Symboliser, type UsedCode } from "../../core/symbols/mod.ts";
import { closeRaw, O, openRaw, pread } from "../../core/sys/mod.ts";
import type { Place, UserCopy } from "../programs/user_copies.ts";
import { dwarfRegisters } from "./_registers.ts";

/** How a user stack was had, and how far it goes: `frame_pointer` is one that frame pointers did not lead to its root. */
export type UserStackEnd = StackEnd | "frame_pointer" | "none";

/** Frames of user code, root first. */
export interface NamedStack {
  readonly frames: readonly Frame[];
  readonly end: UserStackEnd;
  /** By tables, from a copy. */
  readonly unwound: boolean;
}

/** User stacks of a measurement: unwound while it runs, since processes end; named at its end. */
export interface UserStacks {
  /** Unwinds a copy. */
  add(copy: UserCopy): void;
  /** Reads where the code of processes lies, as long as they are there. */
  see(pids: Iterable<number>): void;
  /** The stack of a place: of its copy, else what frame pointers gave. */
  of(place: Place, pid: number): NamedStack;
}

/** An unwound stack, leaf first. */
interface Unwound {
  readonly pid: number;
  readonly mappings: readonly CodeMapping[];
  readonly addresses: Float64Array;
  readonly exact: Uint8Array;
  readonly end: StackEnd;
}

/** Functions in which threads begin. */
const ROOTS = /^(_start|__libc_start_|_dl_start|start_thread|__?clone3?$|thread_start|runtime\.(goexit|mstart|rt0_go))/;
/** Most unwound stacks that are kept: some 100 MB. */
const MAX_COPIES = 200_000;
const NO_STACK: NamedStack = { frames: [], end: "none", unwound: false };

/**
 * @param stacks addresses by number, leaf first, as frame pointers gave them
 * @param copyBytes how much is read of a stack whose thread is found waiting
 */
export function userStacks(host: Host, method: "auto" | "dwarf" | "fp", copyBytes: number): {
  readonly collect: Pick<UserStacks, "add" | "see">;
  /** The files of code that unwound stacks lie in, each once for a process. */
  used(): Iterable<UsedCode>;
  name(stacks: ReadonlyMap<bigint, BigUint64Array>, symboliser: Symboliser): UserStacks["of"];
} {
  const unwinder = keptTables(host).unwinder(method);
  const spaces = new Map<number, readonly CodeMapping[]>();
  const copies = new Map<string, Unwound>();
  const words = new Uint32Array(new ArrayBuffer(copyBytes));
  const bytes = new Uint8Array(words.buffer);

  const read = (pid: number): readonly CodeMapping[] => {
    const found = codeMappings(host.maps(pid));
    // Of a process that has ended, what was known stays.
    if (found.length > 0) spaces.set(pid, found);
    return spaces.get(pid) ?? [];
  };
  const mappingsOf = (pid: number, address: number): readonly CodeMapping[] => {
    const known = spaces.get(pid);
    return known && findMapping(known, address) ? known : read(pid);
  };
  /** What a waiting thread's memory holds; nothing when it has gone on meanwhile. */
  const readStack = ({ pid, tid, sp }: UserCopy): number => {
    const fd = openRaw(`${host.path("pid_task", pid)}/${tid}/mem`, O.RDONLY);
    if (fd < 0) return 0;
    try {
      for (let want = copyBytes; want >= 512; want >>= 1) {
        const n = pread(fd, bytes.subarray(0, want), sp);
        if (n > 0) return n & ~7;
      }
      return 0;
    } finally {
      closeRaw(fd);
    }
  };

  const add = (copy: UserCopy): void => {
    if (copies.size >= MAX_COPIES) return;
    const registers = dwarfRegisters(copy.registers);
    let length = copy.stack.length;
    if (length > 0) bytes.set(copy.stack);
    else length = readStack(copy);
    const mappings = mappingsOf(copy.pid, registers[registers.length - 1]);
    const { addresses, exact, length: n, end } = unwinder.unwind(copy.pid, mappings, {
      registers,
      stack: words,
      at: 0,
      bytes: length,
    });
    copies.set(keyOf(copy), {
      pid: copy.pid,
      mappings,
      addresses: addresses.slice(0, n),
      exact: exact.slice(0, n),
      end,
    });
  };

  return {
    collect: {
      add,
      see(pids) {
        for (const pid of pids) if (!spaces.has(pid)) read(pid);
      },
    },
    used() {
      const used = new Map<string, UsedCode>();
      for (const { pid, mappings, addresses } of copies.values()) {
        for (const address of addresses) {
          const mapping = findMapping(mappings, address);
          if (mapping) used.set(`${pid} ${mapping.path}`, { pid, mapping });
        }
      }
      return used.values();
    },
    name(stacks, symboliser) {
      const named = new Map<string, NamedStack>();
      const fromCopy = ({ pid, mappings, addresses, exact, end }: Unwound): NamedStack => {
        const frames: Frame[] = [];
        for (let i = addresses.length - 1; i >= 0; i--) {
          frames.push(...symboliser.userFrames(pid, mappings, exact[i] ? addresses[i] : addresses[i] - 1));
        }
        return { frames, end, unwound: true };
      };
      const fromChain = (pid: number, chain: BigUint64Array): NamedStack => {
        const mappings = read(pid);
        const addresses = Array.from(chain, Number);
        // A frame pointer that some function used for something else leads into data.
        while (addresses.length > 1 && mappings.length > 0 && !findMapping(mappings, addresses.at(-1)! - 1)) {
          addresses.pop();
        }
        const frames = addresses.map((a, i) => symboliser.userFrames(pid, mappings, i === 0 ? a : a - 1)).reverse()
          .flat();
        const end = frames.length > 0 && ROOTS.test(frames[0].function) ? "root" : "frame_pointer";
        return { frames, end, unwound: false };
      };
      return (place, pid) => {
        const key = keyOf(place);
        const known = named.get(key);
        if (known) return known;
        const copy = copies.get(key);
        const chain = stacks.get(place.chain);
        const stack = copy ? fromCopy(copy) : chain ? fromChain(pid, chain) : NO_STACK;
        named.set(key, stack);
        return stack;
      };
    },
  };
}

function keyOf({ tid, sp, chain, mark }: Place): string {
  return `${tid} ${sp} ${chain} ${mark}`;
}
