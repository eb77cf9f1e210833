import { UnsupportedError } from "../core/data/mod.ts";

/** The soname since libbpf 1.0: functions answer -errno, or NULL with errno set. */
const SONAME = "libbpf.so.1";

// What we use of /usr/include/bpf/libbpf.h. Opaque structs are pointers; everything here is in 1.0 and later.
const SYMBOLS = {
  // const char *libbpf_version_string(void)
  libbpf_version_string: { parameters: [], result: "pointer" },
  // libbpf_print_fn_t libbpf_set_print(libbpf_print_fn_t fn)
  libbpf_set_print: { parameters: ["function"], result: "pointer" },
  // struct bpf_object *bpf_object__open_mem(const void *obj_buf, size_t obj_buf_sz, const struct bpf_object_open_opts *opts)
  bpf_object__open_mem: { parameters: ["buffer", "u64", "buffer"], result: "pointer" },
  // int bpf_object__load(struct bpf_object *obj)
  bpf_object__load: { parameters: ["pointer"], result: "i32" },
  // void bpf_object__close(struct bpf_object *obj)
  bpf_object__close: { parameters: ["pointer"], result: "void" },
  // struct btf *bpf_object__btf(const struct bpf_object *obj)
  bpf_object__btf: { parameters: ["pointer"], result: "pointer" },
  // const void *btf__raw_data(const struct btf *btf, __u32 *size)
  btf__raw_data: { parameters: ["pointer", "buffer"], result: "pointer" },
  // struct bpf_program *bpf_object__next_program(const struct bpf_object *obj, struct bpf_program *prog)
  bpf_object__next_program: { parameters: ["pointer", "pointer"], result: "pointer" },
  // struct bpf_map *bpf_object__next_map(const struct bpf_object *obj, const struct bpf_map *map)
  bpf_object__next_map: { parameters: ["pointer", "pointer"], result: "pointer" },
  // const char *bpf_program__name(const struct bpf_program *prog)
  bpf_program__name: { parameters: ["pointer"], result: "pointer" },
  // const char *bpf_program__section_name(const struct bpf_program *prog)
  bpf_program__section_name: { parameters: ["pointer"], result: "pointer" },
  // bool bpf_program__autoload(const struct bpf_program *prog)
  bpf_program__autoload: { parameters: ["pointer"], result: "bool" },
  // int bpf_program__set_autoload(struct bpf_program *prog, bool autoload)
  bpf_program__set_autoload: { parameters: ["pointer", "bool"], result: "i32" },
  // int bpf_program__set_expected_attach_type(struct bpf_program *prog, enum bpf_attach_type type)
  bpf_program__set_expected_attach_type: { parameters: ["pointer", "u32"], result: "i32" },
  // int bpf_program__fd(const struct bpf_program *prog)
  bpf_program__fd: { parameters: ["pointer"], result: "i32" },
  // struct bpf_link *bpf_program__attach(const struct bpf_program *prog)
  bpf_program__attach: { parameters: ["pointer"], result: "pointer" },
  // struct bpf_link *bpf_program__attach_raw_tracepoint(const struct bpf_program *prog, const char *tp_name)
  bpf_program__attach_raw_tracepoint: { parameters: ["pointer", "buffer"], result: "pointer" },
  // struct bpf_link *bpf_program__attach_tracepoint(const struct bpf_program *prog, const char *category, const char *name)
  bpf_program__attach_tracepoint: { parameters: ["pointer", "buffer", "buffer"], result: "pointer" },
  // int bpf_link__fd(const struct bpf_link *link)
  bpf_link__fd: { parameters: ["pointer"], result: "i32" },
  // int bpf_link__destroy(struct bpf_link *link)
  bpf_link__destroy: { parameters: ["pointer"], result: "i32" },
  // int bpf_iter_create(int link_fd)
  bpf_iter_create: { parameters: ["i32"], result: "i32" },
  // const char *bpf_map__name(const struct bpf_map *map)
  bpf_map__name: { parameters: ["pointer"], result: "pointer" },
  // enum bpf_map_type bpf_map__type(const struct bpf_map *map)
  bpf_map__type: { parameters: ["pointer"], result: "u32" },
  // __u32 bpf_map__key_size(const struct bpf_map *map)
  bpf_map__key_size: { parameters: ["pointer"], result: "u32" },
  // __u32 bpf_map__value_size(const struct bpf_map *map)
  bpf_map__value_size: { parameters: ["pointer"], result: "u32" },
  // __u32 bpf_map__max_entries(const struct bpf_map *map)
  bpf_map__max_entries: { parameters: ["pointer"], result: "u32" },
  // int bpf_map__set_max_entries(struct bpf_map *map, __u32 max_entries)
  bpf_map__set_max_entries: { parameters: ["pointer", "u32"], result: "i32" },
  // int bpf_map__fd(const struct bpf_map *map)
  bpf_map__fd: { parameters: ["pointer"], result: "i32" },
  // const void *bpf_map__initial_value(struct bpf_map *map, size_t *psize)
  bpf_map__initial_value: { parameters: ["pointer", "buffer"], result: "pointer" },
  // int bpf_map__set_initial_value(struct bpf_map *map, const void *data, size_t size)
  bpf_map__set_initial_value: { parameters: ["pointer", "buffer", "u64"], result: "i32" },
} as const;

const LIBC = {
  // int vsnprintf(char *str, size_t size, const char *format, va_list ap). An array type on x86-64, and a struct of more
  // than 16 bytes on aarch64: both are handed over by address.
  vsnprintf: { parameters: ["buffer", "u64", "pointer", "buffer"], result: "i32" },
  // int *__errno_location(void)
  __errno_location: { parameters: [], result: "pointer" },
} as const;

/** libbpf, and what its use takes of the C library. */
export interface LibbpfLibrary {
  readonly symbols: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
  readonly vsnprintf: Deno.DynamicLibrary<typeof LIBC>["symbols"]["vsnprintf"];
  /** errno of this thread: to be read at once after the call that set it. */
  errno(): number;
}

const loaded = new Map<string, LibbpfLibrary>();

/**
 * Loads libbpf at the first call; it is never unloaded.
 *
 * @param path a name for the dynamic loader, or a path
 * @throws {UnsupportedError} when it is not installed, or older than 1.0
 */
export function libbpfLibrary(path: string = SONAME): LibbpfLibrary {
  let library = loaded.get(path);
  if (!library) loaded.set(path, library = load(path));
  return library;
}

function load(path: string): LibbpfLibrary {
  let symbols;
  try {
    ({ symbols } = Deno.dlopen(path, SYMBOLS));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const found = (error as Error).message;
    throw new UnsupportedError(
      `libbpf is not installed, or cannot be loaded (${found})`,
      "Install libbpf 1.0 or newer: `apt-get install libbpf1` on Debian and Ubuntu, `dnf install libbpf` on Fedora. " +
        "Only programs compiled from C need it; recipes do not.",
      { cause: error },
    );
  }
  const libc = Deno.dlopen("libc.so.6", LIBC).symbols;
  // One place for each thread, and a JavaScript thread stays on its own: asked for once, errno is read without a call.
  const errno = new Deno.UnsafePointerView(libc.__errno_location()!);
  return { symbols, vsnprintf: libc.vsnprintf, errno: () => errno.getInt32(0) };
}

/**
 * Version of the libbpf that is installed: `1.1.2`.
 *
 * @param path see {@linkcode libbpfLibrary}
 * @throws {UnsupportedError} when it is not installed
 */
export function libbpfVersion(path?: string): string {
  return textAt(libbpfLibrary(path).symbols.libbpf_version_string()).replace(/^v/, "");
}

/** The C string at an address; empty for NULL. */
export function textAt(pointer: Deno.PointerValue): string {
  return pointer === null ? "" : Deno.UnsafePointerView.getCString(pointer);
}
