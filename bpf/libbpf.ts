import { UsageError } from "../core/data/mod.ts";
import { check, cString, ERRNO, type Fd, keeping, ownFd, read, SysError } from "../core/sys/mod.ts";
import { parseBtf } from "./btf/mod.ts";
import { MAP_TYPE } from "./kernel/commands.ts";
import type { MapSpec } from "./kernel/map.ts";
import { type Constants, writeConstants } from "./libbpf_constants.ts";
import { libbpfError } from "./libbpf_error.ts";
import { libbpfLibrary, textAt } from "./libbpf_library.ts";
import { libbpfLog } from "./libbpf_log.ts";
import { type OpenOptions, openOpts } from "./libbpf_open_opts.ts";

/** An attached program. Disposing it detaches. */
export interface BpfLink extends Disposable {
  readonly fd: number;
  /**
   * Of an iterator: runs it once over everything there is, and reads away what it writes.
   *
   * @returns bytes that it wrote
   * @throws {SysError}
   */
  iterate(): number;
}

/** A program of an object. */
export interface BpfProgram {
  readonly name: string;
  /** Where it says it belongs: `raw_tp/sched_switch`. */
  readonly section: string;
  /** Whether it is loaded with its object. Loading is all or nothing: switch off what the kernel lacks. */
  autoload: boolean;
  /** Before loading: how it will be attached, where its section does not say so (`ATTACH_TYPE`). @throws {LibbpfError} */
  setAttachType(type: number): void;
  /** Descriptor, once loaded; its owner is the object. */
  readonly fd: number;
  /** Attaches it where its section says. @throws {LibbpfError} */
  attach(): BpfLink;
  /** Attaches it to a raw tracepoint. @throws {LibbpfError} */
  attachRawTracepoint(name: string): BpfLink;
  /** Attaches it to a tracepoint (through tracefs). @throws {LibbpfError} */
  attachTracepoint(category: string, name: string): BpfLink;
}

/** A map of an object, to be read with `kernel/map.ts` or, a ring, with `ring/ring_reader.ts`. */
export interface BpfMap {
  readonly name: string;
  /** As it will be, or was, created. @throws {UsageError} for a type that our readers do not know */
  readonly spec: MapSpec;
  /** Descriptor, once loaded; its owner is the object. */
  readonly fd: number;
  /** Before loading: how many entries it has room for; of a ring its bytes. @throws {LibbpfError} */
  setMaxEntries(entries: number): void;
}

/** An object file, opened: its one owner closes programs, maps and links. */
export interface BpfObject extends Disposable {
  readonly name: string;
  readonly programs: readonly BpfProgram[];
  readonly maps: readonly BpfMap[];
  /** @throws {TypeError} when there is none of that name */
  program(name: string): BpfProgram;
  /** @throws {TypeError} when there is none of that name */
  map(name: string): BpfMap;
  /** Before loading: sets constants of the programs. @throws {TypeError | RangeError} @throws {LibbpfError} */
  setConstants(constants: Constants): void;
  /**
   * Resolves fields, creates the maps and loads the programs that are not switched off.
   *
   * @throws {LibbpfError}
   */
  load(): void;
}

/**
 * Opens an object in memory with libbpf.
 *
 * @param bytes an ELF file made by `clang -target bpf`
 * @throws {UnsupportedError} when libbpf is not installed
 * @throws {LibbpfError} when it cannot read the object
 */
export function openObject(bytes: Uint8Array<ArrayBuffer>, options: OpenOptions): BpfObject {
  const library = libbpfLibrary(options.library);
  const { symbols } = library;
  const log = libbpfLog(library);
  const { name } = options;
  const { opts, keep } = openOpts(options);

  /** A call that answers -errno. */
  const done = (what: string, call: () => number): void => {
    const result = log.during(call);
    if (result < 0) throw libbpfError(what, result, log.text());
  };
  /** A call that answers NULL and sets errno. */
  const pointer = (what: string, call: () => Deno.PointerValue): Deno.PointerObject => {
    let errno = 0;
    const answer = log.during(() => {
      const p = call();
      errno = library.errno();
      return p;
    });
    if (answer === null) throw libbpfError(what, errno, log.text());
    return answer;
  };

  const object = pointer(
    `opening "${name}"`,
    () => keeping(keep, () => symbols.bpf_object__open_mem(bytes, BigInt(bytes.byteLength), opts)),
  );
  const links = new Set<BpfLink>();
  let closed = false;
  const alive = (): Deno.PointerObject => {
    if (closed) throw new TypeError(`The object "${name}" is closed`);
    return object;
  };

  const link = (at: Deno.PointerObject): BpfLink => {
    let open = true;
    const made: BpfLink = {
      get fd(): number {
        return open ? symbols.bpf_link__fd(at) : -1;
      },
      iterate: () => drainIterator(symbols.bpf_iter_create(symbols.bpf_link__fd(at))),
      [Symbol.dispose](): void {
        if (!open) return;
        open = false;
        links.delete(made);
        symbols.bpf_link__destroy(at);
      },
    };
    links.add(made);
    return made;
  };
  const program = (at: Deno.PointerObject): BpfProgram => {
    const title = textAt(symbols.bpf_program__name(at));
    const attach = (call: () => Deno.PointerValue): BpfLink => {
      alive();
      return link(pointer(`attaching "${title}" of "${name}"`, call));
    };
    return {
      name: title,
      section: textAt(symbols.bpf_program__section_name(at)),
      get autoload(): boolean {
        return alive() && symbols.bpf_program__autoload(at);
      },
      set autoload(on: boolean) {
        alive();
        done(`switching "${title}" of "${name}"`, () => symbols.bpf_program__set_autoload(at, on));
      },
      setAttachType(type): void {
        alive();
        done(
          `setting how "${title}" of "${name}" attaches`,
          () => symbols.bpf_program__set_expected_attach_type(at, type),
        );
      },
      get fd(): number {
        return alive() && symbols.bpf_program__fd(at);
      },
      attach: () => attach(() => symbols.bpf_program__attach(at)),
      attachRawTracepoint: (to) => attach(() => symbols.bpf_program__attach_raw_tracepoint(at, cString(to))),
      attachTracepoint: (category, to) =>
        attach(() => symbols.bpf_program__attach_tracepoint(at, cString(category), cString(to))),
    };
  };
  const map = (at: Deno.PointerObject): BpfMap => {
    const title = textAt(symbols.bpf_map__name(at));
    return {
      name: title,
      get spec(): MapSpec {
        alive();
        const number = symbols.bpf_map__type(at);
        const type = (Object.keys(MAP_TYPE) as (keyof typeof MAP_TYPE)[]).find((key) => MAP_TYPE[key] === number);
        if (!type) {
          const known = Object.keys(MAP_TYPE).join(", ");
          throw new UsageError(`The map "${title}" of "${name}" has type ${number}`, `Maps that are read: ${known}`);
        }
        return {
          name: title,
          type,
          keyBytes: symbols.bpf_map__key_size(at),
          valueBytes: symbols.bpf_map__value_size(at),
          maxEntries: symbols.bpf_map__max_entries(at),
        };
      },
      get fd(): number {
        return alive() && symbols.bpf_map__fd(at);
      },
      setMaxEntries(entries): void {
        alive();
        done(`sizing the map "${title}" of "${name}"`, () => symbols.bpf_map__set_max_entries(at, entries));
      },
    };
  };

  const programs: BpfProgram[] = [];
  for (let at: Deno.PointerValue = null; (at = symbols.bpf_object__next_program(object, at)) !== null;) {
    programs.push(program(at));
  }
  const maps: BpfMap[] = [];
  let rodata: Deno.PointerValue = null;
  for (let at: Deno.PointerValue = null; (at = symbols.bpf_object__next_map(object, at)) !== null;) {
    const made = map(at);
    maps.push(made);
    if (made.name.endsWith(".rodata")) rodata = at;
  }

  return {
    name,
    programs,
    maps,
    program: (wanted) => named(programs, wanted, `program of "${name}"`),
    map: (wanted) => named(maps, wanted, `map of "${name}"`),
    setConstants(constants): void {
      alive();
      const size = new BigUint64Array(new ArrayBuffer(8));
      const at = rodata && symbols.bpf_map__initial_value(rodata, size);
      if (at === null) throw new TypeError(`The object "${name}" has no constants`);
      const value = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(at, Number(size[0]))).slice();
      writeConstants(parseBtf(objectBtf()), value, constants);
      done(
        `setting constants of "${name}"`,
        () => symbols.bpf_map__set_initial_value(rodata, value, BigInt(value.byteLength)),
      );
    },
    load(): void {
      alive();
      const by = options.btf === undefined ? "" : ` with the BTF file ${options.btf}`;
      done(`loading "${name}"${by}`, () => symbols.bpf_object__load(object));
    },
    [Symbol.dispose](): void {
      if (closed) return;
      closed = true;
      for (const open of [...links]) open[Symbol.dispose]();
      symbols.bpf_object__close(object);
    },
  };

  /** A copy of the object's own type information, in which libbpf has filled in where variables lie. */
  function objectBtf(): Uint8Array<ArrayBuffer> {
    const size = new Uint32Array(new ArrayBuffer(4));
    const data = symbols.btf__raw_data(symbols.bpf_object__btf(object), size);
    if (data === null) throw new TypeError(`The object "${name}" has no type information: compile it with -g`);
    return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(data, size[0])).slice();
  }
}

function named<T extends { readonly name: string }>(things: readonly T[], name: string, what: string): T {
  const found = things.find((thing) => thing.name === name);
  if (found) return found;
  throw new TypeError(`There is no "${name}" as a ${what}; there are: ${things.map((t) => t.name).join(", ")}`);
}

function drainIterator(fd: number): number {
  using iterator: Fd = ownFd(check(fd, "bpf", "an iterator"));
  const buffer = new Uint8Array(new ArrayBuffer(4096));
  for (let total = 0;;) {
    const n = read(iterator.fd, buffer);
    // The kernel pauses after a million objects without output (kernel/bpf/bpf_iter.c, MAX_ITER_OBJECTS).
    if (n === -ERRNO.EAGAIN) continue;
    if (n < 0) throw new SysError("read", n, "an iterator");
    if (n === 0) return total;
    total += n;
  }
}
