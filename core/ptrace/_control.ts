/** What the tracing thread is asked to do: bits of the first word of its control. */
export const CONTROL = { STOP: 1, FLUSH: 2, SIGNAL: 4 } as const;
