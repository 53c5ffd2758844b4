/* The fewest decimal digits that give a floating-point number again: "How to Print Floating-Point Numbers Accurately" of Steele and White,
 * with whole numbers that are large enough for all of them. `printf` would have a component import a file system. */
#ifndef TENTERHOOK_DECIMAL_H
#define TENTERHOOK_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The largest numbers have 1,024 bits before the point, the smallest 1,074 behind it; a digit more takes four. */
#define TH_WORDS 36
/* No number needs more digits. */
#define TH_MOST_DIGITS 17

/* A whole number, its lowest 32 bits first. */
typedef struct { uint32_t words[TH_WORDS]; } th_whole;

static th_whole th_power_of_two(unsigned exponent) {
  th_whole power = {{0}};
  power.words[exponent / 32] = 1u << exponent % 32;
  return power;
}

static void th_times(th_whole *number, uint64_t factor) {
  /* In two halves, so that no carry is lost. */
  uint64_t low = factor & UINT32_MAX, high = factor >> 32, carry = 0;
  th_whole product = {{0}};
  for (int half = 0; half < 2; half++, carry = 0) {
    for (int i = half; i < TH_WORDS; i++) {
      carry += product.words[i] + (half ? high : low) * number->words[i - half];
      product.words[i] = (uint32_t)carry;
      carry >>= 32;
    }
  }
  *number = product;
}

static th_whole th_plus(const th_whole *one, const th_whole *two) {
  th_whole sum;
  uint64_t carry = 0;
  for (int i = 0; i < TH_WORDS; i++, carry >>= 32) sum.words[i] = (uint32_t)(carry += (uint64_t)one->words[i] + two->words[i]);
  return sum;
}

static void th_minus(th_whole *number, const th_whole *other) {
  uint64_t borrow = 0;
  for (int i = 0; i < TH_WORDS; i++) {
    uint64_t word = (uint64_t)number->words[i] - other->words[i] - borrow;
    number->words[i] = (uint32_t)word;
    borrow = word >> 63;
  }
}

static int th_compare(const th_whole *one, const th_whole *two) {
  for (int i = TH_WORDS - 1; i >= 0; i--) {
    if (one->words[i] != two->words[i]) return one->words[i] < two->words[i] ? -1 : 1;
  }
  return 0;
}

/* The digits of a finite number above 0; `*point` is how many of them are before the point. Says how many there are. */
static int th_shortest(double number, char digits[TH_MOST_DIGITS], int *point) {
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  int biased = (int)(bits >> 52 & 0x7ff);
  uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1), mantissa = biased ? fraction | UINT64_C(1) << 52 : fraction;
  int exponent = (biased ? biased : 1) - 1075;
  /* `rest` / `unit` is the number; up to `above` / `unit` over it and `below` / `unit` under it there is no other one. */
  int narrow = fraction == 0 && biased > 1;
  th_whole below = th_power_of_two(exponent > 0 ? (unsigned)exponent : 0);
  th_whole rest = below, above = below, unit = th_power_of_two((exponent > 0 ? 1u : (unsigned)(1 - exponent)) + (unsigned)narrow);
  th_times(&above, narrow ? 2 : 1);
  th_times(&rest, mantissa << (1 + narrow));
  /* A reader rounds what lies in the middle to the even one. */
  bool is_even = mantissa % 2 == 0;
  th_whole end = th_plus(&rest, &above);
  for (*point = 0; th_compare(&end, &unit) >= (is_even ? 0 : 1); ++*point) th_times(&unit, 10);
  for (;; --*point) {
    th_whole ten = end;
    th_times(&ten, 10);
    if (*point > 0 || th_compare(&ten, &unit) >= (is_even ? 0 : 1)) break;
    th_times(&rest, 10), th_times(&above, 10), th_times(&below, 10);
    end = ten;
  }
  for (int count = 0;;) {
    th_times(&rest, 10), th_times(&above, 10), th_times(&below, 10);
    char digit = '0';
    for (; th_compare(&rest, &unit) >= 0; digit++) th_minus(&rest, &unit);
    end = th_plus(&rest, &above);
    bool is_low = th_compare(&rest, &below) < (is_even ? 1 : 0), is_high = th_compare(&end, &unit) > (is_even ? -1 : 0);
    if (is_low || is_high) {
      th_whole twice = th_plus(&rest, &rest);
      int half = th_compare(&twice, &unit);
      if (is_high && (!is_low || half > 0 || (half == 0 && digit % 2))) digit++;
      digits[count++] = digit;
      return count;
    }
    digits[count++] = digit;
  }
}

#endif
