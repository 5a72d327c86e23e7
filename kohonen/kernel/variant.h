/* The kernel for one instruction set, as the compiler's flags say: each file that includes this makes one. */
#include <math.h>
#include <stdlib.h>
#include "online.h"
#include "simd.h"
#include "search.h"
#include "train.h"
