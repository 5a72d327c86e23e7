/* Cells of a delimited text, and the decimal numbers among them. */
#include "kernel.h"

#include <math.h>
#include <string.h>

/* Powers of ten that are exact in a double. */
static const double POWERS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
enum { LARGEST_POWER = 22, MOST_DIGITS = 18, LARGEST_EXPONENT = 160 };

static int is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
static int is_blank(uint8_t c) { return c == ' ' || c == '\t'; }

/* Read a number from the cell [p, end), and return what it is; 0 if it is none. */
static uint8_t number(const uint8_t *p, const uint8_t *end, double *value)
{
    int negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    uint64_t digits = 0;
    int64_t count = 0, whole = -1, dropped = 0, exponent = 0;
    const uint8_t *first = p;
    for (; p < end && (is_digit(*p) || (*p == '.' && whole < 0)); p++) {
        if (*p == '.') {
            whole = count;
            continue;
        }
        count++;
        if (digits < 100000000000000000u) /* at most MOST_DIGITS digits */
            digits = 10 * digits + (*p - '0');
        else
            dropped++;
    }
    if (count == 0)
        return 0;
    uint8_t kind = KOHONEN_NUMBER;
    int64_t after = whole < 0 ? 0 : count - whole;
    if (whole >= 0 && (after != 3 || whole < 1 || whole > 3 || *first == '0'))
        kind |= KOHONEN_POINTED;
    if (whole < 0 && count > 3 && *first == '0')
        kind |= KOHONEN_CODE;
    if (p < end && (*p == 'e' || *p == 'E')) {
        int down = ++p < end && *p == '-';
        if (p < end && (*p == '-' || *p == '+'))
            p++;
        if (p == end)
            return 0;
        for (; p < end && is_digit(*p) && exponent <= 10 * LARGEST_EXPONENT; p++)
            exponent = 10 * exponent + (*p - '0');
        exponent = down ? -exponent : exponent;
        kind |= KOHONEN_POINTED;
    }
    if (p < end)
        return 0;
    exponent += dropped - after;
    if (exponent > LARGEST_EXPONENT || exponent < -2 * LARGEST_EXPONENT)
        return 0;
    /* With both operands exact, one operation rounds once: that is the nearest double. */
    double found = (double)digits;
    if (!dropped && digits <= (uint64_t)1 << 53 && exponent <= LARGEST_POWER && exponent >= -LARGEST_POWER)
        kind |= KOHONEN_EXACT;
    while (exponent != 0) {
        int64_t power = exponent < 0 ? -exponent : exponent;
        power = power < LARGEST_POWER ? power : LARGEST_POWER;
        found = exponent < 0 ? found / POWERS[power] : found * POWERS[power];
        exponent += exponent < 0 ? power : -power;
    }
    *value = negative ? -found : found;
    return kind;
}

/* Return a hash of the cell [p, end). */
static uint64_t hash(const uint8_t *p, const uint8_t *end)
{
    uint64_t found = 0x9e3779b97f4a7c15u ^ (uint64_t)(end - p);
    for (uint64_t word; p < end; p += 8) {
        word = 0;
        memcpy(&word, p, end - p < 8 ? (size_t)(end - p) : 8);
        found = (found ^ word) * 0xd6e8feb86659fd93u;
        found ^= found >> 32;
    }
    return found;
}

int kohonen_cells(const uint8_t *text, int64_t size, int delimiter, int line_end, int quote, int64_t rows,
                  int64_t width, int64_t *starts, int64_t *lengths, uint64_t *hashes, double *values,
                  uint8_t *kinds)
{
    int64_t row = 0, column = 0;
    for (int64_t at = 0; at < size; at++) {
        int64_t first = at, last;
        while (first < size && is_blank(text[first]) && text[first] != delimiter)
            first++;
        if (first < size && text[first] == quote) {
            for (at = ++first; at < size && text[at] != quote; at++)
                ;
            last = at++;
            if (at >= size || (text[at] != delimiter && text[at] != line_end))
                return -1;
        } else {
            for (at = first; at < size && text[at] != delimiter && text[at] != line_end; at++)
                ;
            last = at;
        }
        if (row >= rows || at >= size || (text[at] == line_end) != (column == width - 1))
            return -1;
        while (last > first && is_blank(text[last - 1]))
            last--;
        int64_t cell = column * rows + row;
        starts[cell] = first;
        lengths[cell] = last - first;
        hashes[cell] = hash(text + first, text + last);
        values[cell] = NAN;
        kinds[cell] = number(text + first, text + last, values + cell);
        column = text[at] == line_end ? 0 : column + 1;
        row += text[at] == line_end;
    }
    return row == rows && column == 0 ? 0 : -1;
}
