// First code of the packed executable, run by the dynamic loader in place of Deno's own entry point. It copies the
// bundle into a memory file, inserts Deno's options and that file's name before the user's arguments, and goes on as if
// nothing had happened: same process, no second exec, the kernel's record of the command line untouched.
//
// The stack at entry: argc, argv[0] … argv[argc - 1], 0, envp[0] …, 0, auxiliary vector. Everything from argc to
// argv[0] moves down by SHIFT words and the rest of argv by one: room for the INSERTED arguments and one variable.
// SHIFT is even, because the stack pointer has to stay a multiple of 16.
//
// Assembled by deploy/pack/assemble.ts; position independent; the four numbers at the end are filled in by the packer.
.intel_syntax noprefix
.set OPTIONS, 6
.set INSERTED, OPTIONS + 1
.set SHIFT, INSERTED + 1
.set PREFIX_SIZE, 14
.set MESSAGE_SIZE, 75

stub:
  mov r13, rdx                      // what the loader wants called at exit, for Deno's own entry point
  mov r12, rsp

  lea rdi, [rip + name]
  mov esi, 1                        // MFD_CLOEXEC
  mov eax, 319                      // memfd_create
  syscall
  test eax, eax
  js fail
  mov r14d, eax

  lea rsi, [rip + stub]
  add rsi, [rip + bundle_offset]
  mov rbx, [rip + bundle_size]
write:
  mov edi, r14d
  mov rdx, rbx
  mov eax, 1                        // write
  syscall
  test rax, rax
  jle fail
  add rsi, rax
  sub rbx, rax
  jnz write

  xor edi, edi                      // a page for the name, which has to outlive this stack frame
  mov esi, 4096
  mov edx, 3                        // PROT_READ | PROT_WRITE
  mov r10d, 0x22                    // MAP_PRIVATE | MAP_ANONYMOUS
  mov r8, -1
  xor r9d, r9d
  mov eax, 9                        // mmap
  syscall
  cmp rax, -4095
  jae fail
  lea rdi, [rax + 63]               // the name is built from its end
  mov eax, r14d
  mov ecx, 10
digit:
  xor edx, edx
  div ecx
  add dl, '0'
  dec rdi
  mov [rdi], dl
  test eax, eax
  jnz digit
  sub rdi, PREFIX_SIZE
  mov r15, rdi
  lea rsi, [rip + prefix]
  mov ecx, PREFIX_SIZE
  rep movsb

  mov rcx, [r12]                    // argc
  test rcx, rcx
  jz fail
  lea rsp, [r12 - 8 * SHIFT]
  lea rax, [rcx + INSERTED]
  mov [rsp], rax
  mov rax, [r12 + 8]
  mov [rsp + 8], rax                // argv[0]
  lea rdi, [rsp + 16]
  lea rsi, [rip + options]
  mov edx, OPTIONS
option:
  mov [rdi], rsi
  add rdi, 8
character:
  lodsb
  test al, al
  jnz character
  dec edx
  jnz option
  mov [rdi], r15
  add rdi, 8
  lea rsi, [r12 + 16]
  rep movsq                         // argv[1] … and the 0 behind them: argc words
  lea rax, [rip + variable]
  mov [rdi], rax

  mov rcx, [rip + environ_slot]     // the C library has noted where the environment begins: one word earlier now
  test rcx, rcx
  jz go_on
  lea rax, [rip + stub]
  mov rax, [rax + rcx]
  mov [rax], rdi
go_on:

  mov rdx, r13
  lea rax, [rip + stub]
  add rax, [rip + entry_offset]
  jmp rax

fail:
  mov edi, 2
  lea rsi, [rip + message]
  mov edx, MESSAGE_SIZE
  mov eax, 1                        // write
  syscall
  mov edi, 126
  mov eax, 231                      // exit_group
  syscall

#include "stub_data.inc"
