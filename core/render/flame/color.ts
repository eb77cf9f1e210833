/** A number in [0, n) that depends on the name alone (FNV-1a), so that a function looks the same in every graph. */
export function hueIndex(name: string, n: number): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  // The low bits of FNV alone are poorly mixed for short names.
  h ^= h >>> 15;
  return (h >>> 0) % n;
}
