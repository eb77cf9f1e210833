import type { Host } from "./host.ts";

/** Whether a machine's kernel is older than a release. For what cannot be found out by trying. */
export function isKernelBefore(host: Host, major: number, minor: number): boolean {
  const [a, b] = host.features().release.split(".").map((n) => parseInt(n));
  return a < major || a === major && b < minor;
}
