/**
 * A signal that is aborted by the first SIGINT, SIGTERM or SIGHUP: windows end early and report what there is. A second
 * one ends the process at once; the kernel detaches what descriptors hold.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const [signal, number] of [["SIGINT", 2], ["SIGTERM", 15], ["SIGHUP", 1]] as const) {
    Deno.addSignalListener(signal, () => {
      // When the other listeners have had it: a command that we started is told as well.
      if (controller.signal.aborted) queueMicrotask(() => Deno.exit(128 + number));
      else controller.abort(new DOMException("Interrupted", "AbortError"));
    });
  }
  return controller.signal;
}
