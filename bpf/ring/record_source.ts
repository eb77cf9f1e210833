/** Records of a stream on their way from the kernel. Disposing it unmaps; descriptors of maps stay their owner's. */
export interface RecordSource extends Disposable {
  /**
   * Gives each record that is there to `visit`, which must not keep it.
   *
   * @param visit the memory as bytes and as words, and where in it the record begins, in bytes: a multiple of 4
   * @param all whether records may be taken that others, older ones, may still come before
   * @returns how many there were
   */
  drain(visit: (bytes: Uint8Array, words: Uint32Array, at: number) => void, all?: boolean): number;
  /** How full the fullest ring is, from 0, nothing waits to be read, to 1. */
  fill(): number;
}
