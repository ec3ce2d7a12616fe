/* base/fmath.h: exp and log with the same bits everywhere.
 *
 * libm changes its results with the CPU (FMA or not) and its version; these
 * use only IEEE + - * / in a fixed order, compiled with -ffp-contract=off.
 * Relative error at most 2 ulp over the whole range (tests/unit/test_fmath.c). */
#pragma once

double fmath_exp(double x);
double fmath_log(double x);      /* x > 0 */
double fmath_pow(double x, double y); /* x > 0 */
