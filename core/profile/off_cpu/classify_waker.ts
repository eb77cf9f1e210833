import { plainName } from "./classify_wait.ts";

/** What ended a wait: another thread, or which part of the machine. */
export type WakerKind = "task" | "timer" | "disk" | "network" | "interrupt" | "softirq";

const TIMER =
  /^(hrtimer_wakeup|__hrtimer_run_queues|hrtimer_interrupt|process_timeout|call_timer_fn|run_timer_softirq|__run_timers|timerfd_tmrproc|it_real_fn|posix_timer_fn|alarm_handle_timer)$/;
const DISK =
  /^(bio_endio|blk_update_request|blk_mq_(end|complete)_|blk_done_softirq|blk_complete_reqs|end_bio_|end_buffer_|scsi_io_completion|nvme_irq|virtblk_done|folio_end_|end_page_|mpage_end_io|iomap_dio_bio_end_io)/;
const NETWORK =
  /^(net_rx_action|net_tx_action|__napi_poll|netif_receive_skb|__netif_receive_skb|tcp_v[46]_rcv|tcp_write_timer)/;

/**
 * Says who woke a thread up in an interrupt or softirq. A timer ends a wait by its own function; that the network's work
 * runs in a softirq counts before that a timer's interrupt led there.
 *
 * @param kernel the kernel's functions, leaf first
 */
export function classifyWaker(context: "softirq" | "interrupt", kernel: readonly string[]): WakerKind {
  const names = kernel.map(plainName);
  if (names.some((name) => DISK.test(name))) return "disk";
  if (names.some((name) => NETWORK.test(name))) return "network";
  if (names.some((name) => TIMER.test(name))) return "timer";
  return context;
}
