const NAMES =
  "SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO SIGPWR SIGSYS"
    .split(" ");
const FIRST_REAL_TIME = 32;

/**
 * Name of a signal (signal(7)): alike on x86-64 and aarch64.
 *
 * @returns `SIGTERM`, `SIGRT_3`; the number for what is no signal
 */
export function signalName(number: number): string {
  if (number >= FIRST_REAL_TIME && number <= 64) {
    return number === FIRST_REAL_TIME ? "SIGRTMIN" : `SIGRT_${number - FIRST_REAL_TIME}`;
  }
  return NAMES[number - 1] ?? String(number);
}

/** Number of a signal by its name, with or without `SIG`; null when there is none. */
export function signalNumber(name: string): number | null {
  const at = NAMES.indexOf(name.startsWith("SIG") ? name : `SIG${name}`);
  return at < 0 ? null : at + 1;
}
