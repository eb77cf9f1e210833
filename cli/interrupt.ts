/**
 * A signal that is aborted by the first SIGINT, SIGTERM or SIGHUP: windows end early and report what there is. A second
 * one ends the process at once; the kernel detaches what descriptors hold.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort(new DOMException("Interrupted", "AbortError"));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) Deno.addSignalListener(signal, stop);
  return controller.signal;
}
