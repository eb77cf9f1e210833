/**
 * Loads a kernel module. Only in a guest: there is no way back.
 *
 * @param module its file, or `missing: WHY`
 * @returns why it is not loaded; null when it is
 */
export async function loadModule(module: string): Promise<string | null> {
  const why = module.match(/^missing: (.*)/s)?.[1];
  if (why !== undefined) return why;
  const { success, stderr } = await new Deno.Command("busybox", { args: ["insmod", module], stdin: "null" }).output();
  return success ? null : `the kernel refuses it: ${new TextDecoder().decode(stderr).trim()}`;
}
