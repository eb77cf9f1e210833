import assert from "node:assert/strict";
import { classifyWaker } from "./classify_waker.ts";

Deno.test.each(
  [
    ["timer", "interrupt", ["try_to_wake_up", "hrtimer_wakeup", "__hrtimer_run_queues", "hrtimer_interrupt"]],
    ["timer", "softirq", [
      "try_to_wake_up",
      "process_timeout",
      "call_timer_fn",
      "run_timer_softirq",
      "handle_softirqs",
    ]],
    ["disk", "interrupt", ["try_to_wake_up", "blk_mq_end_request", "virtblk_done", "vring_interrupt"]],
    ["disk", "softirq", ["bio_endio", "blk_update_request", "blk_done_softirq", "handle_softirqs"]],
    // The network's work runs where a timer's interrupt ended.
    ["network", "softirq", [
      "sock_def_readable",
      "tcp_v4_rcv",
      "net_rx_action",
      "handle_softirqs",
      "hrtimer_interrupt",
    ]],
    ["interrupt", "interrupt", ["try_to_wake_up", "some_driver_irq", "asm_common_interrupt"]],
    ["softirq", "softirq", []],
  ] as const,
)("classifyWaker() says $0", (kind, context, kernel) => {
  assert.equal(classifyWaker(context, kernel), kind);
});
