import { type CodeMapping, findMapping } from "../symbols/mod.ts";

/**
 * Cuts what cannot be code off the root end of the user frames: a frame pointer that some function used for something
 * else leads into data. Nothing is cut from a process whose memory is not known.
 *
 * @param user addresses, leaf first
 * @returns whether anything was
 */
export function dropGarbage(user: number[], mappings: readonly CodeMapping[]): boolean {
  const before = user.length;
  if (mappings.length === 0) return false;
  while (user.length > 1 && !findMapping(mappings, user[user.length - 1] - 1)) user.pop();
  return user.length < before;
}
