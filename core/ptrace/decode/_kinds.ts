import type { Kind } from "./_decoding.ts";
import { FCNTL_KINDS } from "./_kinds_fcntl.ts";
import { FILE_KINDS } from "./_kinds_file.ts";
import { POLL_KINDS } from "./_kinds_poll.ts";
import { PROCESS_KINDS } from "./_kinds_process.ts";
import { SCALAR_KINDS } from "./_kinds_scalar.ts";
import { SIGNAL_KINDS } from "./_kinds_signal.ts";
import { SOCKET_KINDS } from "./_kinds_socket.ts";
import { STRING_KINDS } from "./_kinds_string.ts";
import { SYSTEM_KINDS } from "./_kinds_system.ts";
import { TIME_KINDS } from "./_kinds_time.ts";
import { flagNamer, hasFlags, hasValues, valueNamer } from "./_xlat.ts";

const KINDS: readonly Readonly<Record<string, Kind>>[] = [
  SCALAR_KINDS,
  STRING_KINDS,
  FILE_KINDS,
  TIME_KINDS,
  SIGNAL_KINDS,
  SOCKET_KINDS,
  POLL_KINDS,
  PROCESS_KINDS,
  FCNTL_KINDS,
  SYSTEM_KINDS,
];

/**
 * The kind of argument that the table of calls names: a printer, else a table of flags or of values.
 *
 * @throws {Error} when there is none: a mistake in the table
 */
export function kindNamed(name: string, arch: string): Kind {
  for (const kinds of KINDS) if (Object.hasOwn(kinds, name)) return kinds[name];
  if (hasFlags(name)) {
    const text = flagNamer(name, arch);
    return { print: (d, i) => text(d.call.args[2 * i]) };
  }
  if (hasValues(name)) {
    const text = valueNamer(name);
    return { print: (d, i) => text(d.call.args[2 * i]) };
  }
  throw new Error(`no kind of argument is named ${name}`);
}
