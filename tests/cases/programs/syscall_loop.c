/* Reads a file byte by byte and asks for the time and its own number in between: all in the kernel. */
#include "load.h"
#include <sys/syscall.h>

int main(void) {
  load_start();
  int fd = open("/dev/zero", O_RDONLY);
  if (fd < 0) die("/dev/zero");
  load_ready();
  char byte;
  for (;;) {
    for (int i = 0; i < 64; i++)
      if (read(fd, &byte, 1) != 1) die("read");
    syscall(SYS_getppid);
    lseek(fd, 0, SEEK_SET);
  }
}
