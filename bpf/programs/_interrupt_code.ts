import type { Host } from "../../core/host/mod.ts";
import { readProcFile } from "../../core/symbols/mod.ts";

/** Where interrupts and softirqs enter the kernel: half-open ranges of addresses, all 0 when not known. */
export interface InterruptCode extends Readonly<Record<string, bigint>> {
  readonly interrupt_from: bigint;
  readonly interrupt_to: bigint;
  readonly softirq_from: bigint;
  readonly softirq_to: bigint;
}

/**
 * Looks the entry points of interrupts up in the kernel's symbols. On x86-64 those of devices, timers and other CPUs lie
 * behind the exceptions' (arch/x86/include/asm/idtentry.h, in the order of its declarations); a page fault is none of them.
 */
export function interruptCode(host: Host): InterruptCode {
  const text = new TextDecoder().decode(readProcFile(host.path("kallsyms"), 256 << 20, 8 << 20) ?? new Uint8Array());
  const [softirq_from, softirq_to] = rangeOf(text, ["handle_softirqs", "__do_softirq"]);
  const from = addressOf(text, "asm_common_interrupt");
  const to = addressOf(text, "__irqentry_text_end");
  if (from > 0n && to > from) return { interrupt_from: from, interrupt_to: to, softirq_from, softirq_to };
  // aarch64: what switches to the stack of interrupts
  const [interrupt_from, interrupt_to] = rangeOf(text, ["call_on_irq_stack", "el1_interrupt", "el1_irq"]);
  return { interrupt_from, interrupt_to, softirq_from, softirq_to };
}

/** The first of some functions that there is, up to the next symbol. */
function rangeOf(text: string, names: readonly string[]): readonly [bigint, bigint] {
  for (const name of names) {
    const at = lineOf(text, name);
    if (at < 0) continue;
    const from = BigInt(`0x${text.slice(at, at + 16)}`);
    for (let next = text.indexOf("\n", at) + 1; next > 0; next = text.indexOf("\n", next) + 1) {
      const to = BigInt(`0x${text.slice(next, next + 16) || "0"}`);
      if (to !== from) return to > from ? [from, to] : [0n, 0n];
    }
  }
  return [0n, 0n];
}

function addressOf(text: string, name: string): bigint {
  const at = lineOf(text, name);
  return at < 0 ? 0n : BigInt(`0x${text.slice(at, at + 16)}`);
}

/** Start of the line `ADDRESS T NAME` of the kernel itself, or -1. */
function lineOf(text: string, name: string): number {
  for (const type of ["T", "t"]) {
    const at = text.indexOf(` ${type} ${name}\n`);
    if (at >= 16) return at - 16;
  }
  return -1;
}
