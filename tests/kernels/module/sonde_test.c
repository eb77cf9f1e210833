// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel module with a tracepoint of its own, for the tests of Sonde: each write of "COUNT NAME" to /dev/sonde_test
 * fires it COUNT times, with number = 1 … COUNT, big = number << 40 negated, and the name.
 */
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#define CREATE_TRACE_POINTS
#include "sonde_test_trace.h"

#define LINE 64
#define MOST 100000

static ssize_t sonde_test_write(struct file *file, const char __user *from, size_t size, loff_t *at)
{
	char line[LINE], name[LINE];
	unsigned int count, i;

	if (size == 0 || size >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, from, size))
		return -EFAULT;
	line[size] = 0;
	if (sscanf(line, "%u %63s", &count, name) != 2 || count > MOST)
		return -EINVAL;
	for (i = 1; i <= count; i++)
		trace_sonde_hit(i, -((s64)i << 40), name);
	return size;
}

static const struct file_operations sonde_test_operations = {
	.owner = THIS_MODULE,
	.write = sonde_test_write,
};

static struct miscdevice sonde_test_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "sonde_test",
	.fops = &sonde_test_operations,
};

module_misc_device(sonde_test_device);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A tracepoint of its own, for the tests of Sonde");
