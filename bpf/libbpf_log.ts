import { type LibbpfLibrary, textAt } from "./libbpf_library.ts";

/** enum libbpf_print_level: WARN 0, INFO 1, DEBUG 2. */
const DEBUG = 2;
/** Room for a message at first; a verifier's log is told again with the room that it takes. */
const FIRST_BYTES = 16 * 1024;
const MOST_BYTES = 16 * 1024 * 1024;
/** At least sizeof(va_list): 24 bytes on x86-64, 32 on aarch64 (both ABIs' chapters on variable arguments). */
const VA_LIST_BYTES = 32;

const PRINT = {
  // enum libbpf_print_level level, const char *format, va_list ap
  parameters: ["i32", "pointer", "pointer"],
  result: "i32",
} as const;

const decoder = new TextDecoder();

/** Hears what libbpf says. */
export interface LibbpfLog {
  /** Runs an action; what libbpf says meanwhile is kept, that of the action before is forgotten. */
  during<T>(action: () => T): T;
  /** What was said in the last action: lines without the `libbpf: ` in front. */
  text(): string;
}

const logs = new WeakMap<LibbpfLibrary, LibbpfLog>();

/**
 * The log of a loaded libbpf. Its print function is one for the whole process and is set only during actions: use libbpf
 * from one thread at a time.
 */
export function libbpfLog(library: LibbpfLibrary): LibbpfLog {
  let log = logs.get(library);
  if (!log) logs.set(library, log = createLog(library));
  return log;
}

function createLog(library: LibbpfLibrary): LibbpfLog {
  let said: string[] = [];
  const buffer = new Uint8Array(new ArrayBuffer(FIRST_BYTES));
  // Lives as long as the library: libbpf must never call what is gone.
  const callback = new Deno.UnsafeCallback(PRINT, (level, format, args) => {
    if (level >= DEBUG || args === null) return 0;
    // An exception must not cross C's frames.
    try {
      said.push(formatted(library, buffer, format, args));
    } catch (error) {
      said.push(`(a message was lost: ${error})\n`);
    }
    return 0;
  });
  return {
    during<T>(action: () => T): T {
      said = [];
      library.symbols.libbpf_set_print(callback.pointer);
      try {
        return action();
      } finally {
        library.symbols.libbpf_set_print(null);
      }
    },
    text: () => said.join("").replace(/^libbpf: /gm, "").trim(),
  };
}

function formatted(
  { vsnprintf }: LibbpfLibrary,
  buffer: Uint8Array<ArrayBuffer>,
  format: Deno.PointerValue,
  args: Deno.PointerObject,
): string {
  // vsnprintf uses a va_list up; a copy can be used twice.
  const list = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(args, VA_LIST_BYTES)).slice();
  const length = vsnprintf(buffer, BigInt(buffer.byteLength), format, list.slice());
  if (length < 0) return textAt(format);
  if (length < buffer.byteLength) return decoder.decode(buffer.subarray(0, length));
  const larger = new Uint8Array(new ArrayBuffer(Math.min(length + 1, MOST_BYTES)));
  vsnprintf(larger, BigInt(larger.byteLength), format, list);
  return decoder.decode(larger.subarray(0, Math.min(length, larger.byteLength - 1)));
}
