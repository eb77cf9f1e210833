/** Folded text for benches. Nothing that ships imports this. @module */
import { random } from "./data_for_test.ts";

/**
 * Folded stacks as a large C++ server gives them: deep common roots, long names, few heavy and many light leaves.
 *
 * @param bytes about so many; each stack once
 */
export function foldedText(bytes: number): string {
  const rand = random(11);
  const names = Array.from({ length: 4000 }, (_, i) => `ns${i % 60}::Type${i % 300}::method_${i}(int, char const*)`);
  const lines: string[] = [];
  let path = ["server", "__libc_start_main", "main"];
  let size = 0;
  while (size < bytes) {
    path = path.slice(0, 3 + Math.floor(rand() * (path.length - 2)));
    const grow = 1 + Math.floor(rand() * 5);
    for (let i = 0; i < grow && path.length < 60; i++) path.push(names[Math.floor(rand() ** 2 * names.length)]);
    const line = `${path.join(";")} ${1 + Math.floor(1 / (rand() + 1e-3))}\n`;
    lines.push(line);
    size += line.length;
  }
  return lines.join("");
}
