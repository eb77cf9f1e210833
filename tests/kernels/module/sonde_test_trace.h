/* SPDX-License-Identifier: GPL-2.0 */
/* A tracepoint of the kinds of fields that tracepoints have: numbers of all widths, a string, an array. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM sonde_test

#if !defined(SONDE_TEST_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SONDE_TEST_TRACE_H

#include <linux/tracepoint.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define SONDE_ASSIGN_STR(field, text) __assign_str(field, text)
#else
#define SONDE_ASSIGN_STR(field, text) __assign_str(field)
#endif

TRACE_EVENT(sonde_hit,
	TP_PROTO(u32 number, s64 big, const char *name),
	TP_ARGS(number, big, name),
	TP_STRUCT__entry(
		__field(u32, number)
		__field(s64, big)
		__field(s16, small)
		__field(bool, odd)
		__array(char, fixed, 8)
		__string(name, name)
	),
	TP_fast_assign(
		__entry->number = number;
		__entry->big = big;
		__entry->small = -(s16)number;
		__entry->odd = number & 1;
		memcpy(__entry->fixed, "fixed\0\0", 8);
		SONDE_ASSIGN_STR(name, name);
	),
	TP_printk("number=%u big=%lld small=%d odd=%d fixed=%s name=%s", __entry->number, __entry->big,
		__entry->small, __entry->odd, __entry->fixed, __get_str(name))
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE sonde_test_trace
#include <trace/define_trace.h>
