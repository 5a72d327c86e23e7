/* The kernel for the instruction set that the compiler's flags select; included once per instruction set. */
#include <float.h>
#include <math.h>
#include <string.h>
#include "online.h"
#include "panels.h"
#include "simd.h"
#include "search.h"
#include "filter.h"
#include "train.h"
#include "product.h"
