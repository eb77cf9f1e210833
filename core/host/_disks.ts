import type { Reader } from "./_reader.ts";

/**
 * Names in `/sys/block` (a `/` of the device's name is a `!` there) of whole disks: no partitions, which are not listed
 * there, no loop devices without backing, no disks that are memory, nothing empty. Device-mapper and RAID devices are
 * disks too: what they do is seen again on the disks below.
 */
export function wholeDisks(reader: Reader): string[] {
  return reader.list("/sys/block").filter((name) =>
    !/^(ram|zram|fd|sr)\d+$/.test(name) && reader.number(`/sys/block/${name}/size`) !== 0 &&
    (!name.startsWith("loop") || reader.exists(`/sys/block/${name}/loop/backing_file`))
  ).sort();
}
