/** One thing that `sonde doctor` looked at. */
export interface DoctorCheck {
  readonly area: "kernel" | "privileges" | "bpf" | "engines" | "profiling" | "tracers";
  readonly name: string;
  readonly state: "yes" | "no" | "unknown";
  /** What was found, or why not. */
  readonly found: string;
  readonly remedy: string;
}
