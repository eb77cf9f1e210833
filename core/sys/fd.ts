import { library } from "./_library.ts";
import { NR } from "./arch/mod.ts";

/** The one owner of a file descriptor: `using file = open(…)` closes it at the end of the block. */
export interface Fd {
  /** The descriptor; -1 once closed. */
  readonly fd: number;
  /** Closes it; a second time does nothing. */
  [Symbol.dispose](): void;
}

/** Takes ownership of a descriptor that a raw call returned. */
export function ownFd(descriptor: number): Fd {
  let fd = descriptor;
  return {
    get fd(): number {
      return fd;
    },
    [Symbol.dispose](): void {
      if (fd < 0) return;
      // Whatever close answers, Linux has released the descriptor (close(2), NOTES): there is nothing to retry.
      library().withFd(NR.close, fd);
      fd = -1;
    },
  };
}
