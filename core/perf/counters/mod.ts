/** Counting events: names, groups, scaling, what follows from counts. @module */
export { countEvents, type CountRequest, type Counts, defaultEvents } from "./count_events.ts";
export { type CounterReading, readingSince, runningRatio, scaledCount, sumReadings } from "./counter_value.ts";
export { EVENT_NAMES, type EventCode } from "./event_names.ts";
export { type Counters, type CountTarget, type NotCounted, type OpenCounter, openCounters } from "./open_counters.ts";
export { type EventText, parseEvents } from "./parse_events.ts";
export { type PmuEvent, pmuEvent, type ReadText } from "./pmu_event.ts";
export { type CountedEvent, resolveEvents } from "./resolve_events.ts";
export { openUserCounter, readPage, type UserCounter } from "./user_counter.ts";
