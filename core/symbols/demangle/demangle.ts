/**
 * The readable form of a symbol's name; other names come back as they are, without a version (`@@GLIBC_2.2.5`).
 */
export function demangle(name: string): string {
  const at = name.indexOf("@");
  return at > 0 && !name.endsWith("@plt") ? name.slice(0, at) : name;
}
