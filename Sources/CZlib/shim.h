#include <zlib.h>

// The zlib entry points are macros, which Swift does not import.
static inline int telltale_deflate_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
static inline int telltale_inflate_init(z_stream *stream) { return inflateInit2(stream, 15 + 16); }
