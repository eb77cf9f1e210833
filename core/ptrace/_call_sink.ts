import type { Tracee } from "./_tracee.ts";

/** Takes what the tracer finds, as it happens. */
export interface CallSink {
  /** A call begins. Its number and arguments are those of the thread. */
  entry(t: Tracee): void;
  /** The call returns. @param systemNs system CPU time that its process has spent in it; 0 when nobody asked */
  exit(t: Tracee, systemNs: number): void;
  /** A signal is about to be delivered. @param info siginfo_t, 128 bytes; used again */
  signal(t: Tracee, signal: number, info: Uint8Array): void;
  /** The thread's process was stopped by a signal. */
  stopped(t: Tracee, signal: number): void;
  /** The thread has ended. @param signal that killed it, 0 for none */
  ended(t: Tracee, code: number, signal: number, dumped: boolean): void;
  /** Another thread of its process has executed a program, and goes on under its number. @param by that thread's number */
  superseded(t: Tracee, by: number): void;
  /** Nothing more comes: what is still traced is let go. */
  end(): void;
  /** Something about the tracing itself, for people: `Process 12 attached`. */
  note(text: string): void;
}
