/** What the sources of tests need of the kernel's and libbpf's headers, so that clang alone compiles them. */
const HEAD = `
#define SEC(name) __attribute__((section(name), used))
typedef unsigned int u32;
typedef unsigned long long u64;
char LICENSE[] SEC("license") = "GPL";
`;

/**
 * Compiles a program in C for a test.
 *
 * @param source C text; it may use SEC(), u32, u64
 * @returns the object; null when clang is not installed
 */
export async function compileBpf(source: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/a.bpf.c`, HEAD + source);
    const { success, stderr } = await new Deno.Command("clang", {
      args: ["-target", "bpf", "-mcpu=v2", "-O2", "-g", "-c", `${folder}/a.bpf.c`, "-o", `${folder}/a.o`],
    }).output();
    if (!success) throw new Error(`clang: ${new TextDecoder().decode(stderr)}`);
    return await Deno.readFile(`${folder}/a.o`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
