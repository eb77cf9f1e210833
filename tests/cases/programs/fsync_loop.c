/* fsync_loop FILE: a block written and forced to the disk, over and over. */
#include "load.h"

static char block[4096];

int main(int argc, char **argv) {
  load_start();
  if (argc < 2) return 2;
  int fd = open(argv[1], O_WRONLY | O_CREAT, 0600);
  if (fd < 0) die(argv[1]);
  load_ready();
  for (uint64_t i = 0;; i++) {
    memcpy(block, &i, sizeof i);
    if (pwrite(fd, block, sizeof block, (off_t)(i % 4096) * 4096) != sizeof block) die("write");
    if (fsync(fd) != 0) die("fsync");
  }
}
