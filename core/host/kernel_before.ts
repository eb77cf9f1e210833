/** Whether this kernel is older than a release. For what cannot be found out by trying. */
export function isKernelBefore(major: number, minor: number): boolean {
  const [a, b] = Deno.osRelease().split(".").map(Number);
  return a < major || a === major && b < minor;
}
