/* The buckets that distributions are counted in. Include it behind "core.bpf.h". */
#pragma once

/*
 * The bucket of the layout that quantiles have everywhere in Sonde (core/query/quantile_layout.ts): the exponent, biased,
 * and the six bits behind the leading one.
 */
static __always_inline __u32 bucket_of(__u64 v)
{
	__u32 e = 0;
	__u64 rest = v;

	if (!v)
		return 0;
#pragma unroll
	for (int step = 32; step > 0; step >>= 1) {
		if (rest >> step) {
			rest >>= step;
			e += step;
		}
	}
	rest = e > 6 ? v >> ((e - 6) & 63) : v << ((6 - e) & 63);
	return (e + 1023) << 6 | (rest & 63);
}
