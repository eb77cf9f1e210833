/**
 * Compiles a C program for a test.
 *
 * @param source C text
 * @param path where the program goes
 * @param options of gcc, after `-g -O1`
 * @returns false when there is no gcc here
 */
export async function compileC(source: string, path: string, options: readonly string[] = []): Promise<boolean> {
  const text = `${path}.c`;
  await Deno.writeTextFile(text, source);
  try {
    const { success, stderr } = await new Deno.Command("gcc", {
      args: ["-g", "-O1", ...options, "-o", path, text],
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`gcc: ${new TextDecoder().decode(stderr)}`);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Standard output of a tool; null when it is not installed. */
export async function outputOf(command: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await new Deno.Command(command, { args: [...args], stderr: "null" }).output();
    return new TextDecoder().decode(stdout);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
