/* The kernel for the instruction set that the compiler's flags select; included once per instruction set. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "online.h"
#include "simd.h"
#include "search.h"
#include "train.h"
