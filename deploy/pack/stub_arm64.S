// aarch64: see stub_x64.S, which this follows step by step. Run under emulation, not yet on such hardware.
.set OPTIONS, 6
.set INSERTED, OPTIONS + 1
.set SHIFT, INSERTED + 1
.set PREFIX_SIZE, 14
.set MESSAGE_SIZE, 75

stub:
  mov x20, x0                       // what the loader wants called at exit
  mov x19, sp

  adr x0, name
  mov x1, #1                        // MFD_CLOEXEC
  mov x8, #279                      // memfd_create
  svc #0
  tbnz w0, #31, fail
  mov w21, w0

  adr x1, stub
  ldr x2, bundle_offset
  add x1, x1, x2
  ldr x22, bundle_size
write:
  mov w0, w21
  mov x2, x22
  mov x8, #64                       // write
  svc #0
  cmp x0, #0
  b.le fail
  add x1, x1, x0
  subs x22, x22, x0
  b.ne write

  mov x0, #0
  mov x1, #4096
  mov x2, #3                        // PROT_READ | PROT_WRITE
  mov x3, #0x22                     // MAP_PRIVATE | MAP_ANONYMOUS
  mov x4, #-1
  mov x5, #0
  mov x8, #222                      // mmap
  svc #0
  cmn x0, #4095
  b.hs fail
  add x23, x0, #63
  mov w1, w21
  mov w3, #10
digit:
  udiv w2, w1, w3
  msub w4, w2, w3, w1
  add w4, w4, #'0'
  strb w4, [x23, #-1]!
  mov w1, w2
  cbnz w1, digit
  adr x1, prefix_end
  mov w2, #PREFIX_SIZE
character_of_prefix:
  ldrb w4, [x1, #-1]!
  strb w4, [x23, #-1]!
  subs w2, w2, #1
  b.ne character_of_prefix

  ldr x5, [x19]                     // argc
  cbz x5, fail
  sub x6, x19, #(8 * SHIFT)
  mov sp, x6
  add x7, x5, #INSERTED
  str x7, [x6]
  ldr x7, [x19, #8]
  str x7, [x6, #8]                  // argv[0]
  add x9, x6, #16
  adr x1, options
  mov w2, #OPTIONS
option:
  str x1, [x9], #8
character:
  ldrb w4, [x1], #1
  cbnz w4, character
  subs w2, w2, #1
  b.ne option
  str x23, [x9], #8
  add x10, x19, #16
argument:
  ldr x4, [x10], #8                 // argv[1] … and the 0 behind them: argc words
  str x4, [x9], #8
  subs x5, x5, #1
  b.ne argument
  adr x4, variable
  str x4, [x9]

  ldr x2, environ_slot
  cbz x2, go_on
  adr x1, stub
  ldr x1, [x1, x2]
  str x9, [x1]
go_on:

  mov x0, x20
  adr x1, stub
  ldr x2, entry_offset
  add x1, x1, x2
  br x1

fail:
  mov x0, #2
  adr x1, message
  mov x2, #MESSAGE_SIZE
  mov x8, #64                       // write
  svc #0
  mov x0, #126
  mov x8, #94                       // exit_group
  svc #0

#include "stub_data.inc"
