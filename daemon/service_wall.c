/* daemon/service_wall.c: which moment of the wall clock a moment of the engine's was.
 *
 * The engine's clock stands still while the service is down and may run at another pace each time, so each
 * start leaves an anchor in the file "wall": engine ns, wall ns, pace in ppm. What happened between two
 * starts is told by the anchor before it; what happened since the last one by the clock as it is now. Nothing
 * is decided by any of this. */
#include "base/append.h"
#include "base/file.h"
#include "daemon/service_state.h"
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PPM = 1000000, ANCHORS_MOST = 1 << 16, ANCHOR_BYTES = 80 };

static int64_t wall_now_ns(void)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return (int64_t)wall.tv_sec * NS_PER_S + wall.tv_nsec;
}

static int64_t real_span_ns(int64_t engine_span_ns, uint64_t scale_ppm)
{
    bool is_past = engine_span_ns < 0;
    u128 span = (u128)(uint64_t)(is_past ? -engine_span_ns : engine_span_ns) * PPM / scale_ppm;
    return is_past ? -(int64_t)span : (int64_t)span;
}

static err add_anchor(struct service *service, const struct wall_anchor *anchor)
{
    struct wall_anchor *grown =
        realloc(service->anchors, (service->anchor_count + (size_t)1) * sizeof *service->anchors);
    if (!grown) return ERR_NOMEM;
    service->anchors = grown;
    service->anchors[service->anchor_count++] = *anchor;
    return OK;
}

/* A line that is none of ours is passed over: it can only make a time that is shown a little wrong. */
static err read_anchors(struct service *service, const char *path)
{
    struct file_bytes file;
    if (file_read(path, (size_t)ANCHORS_MOST * ANCHOR_BYTES, &file, NULL) != OK)
        return OK; /* the first start */
    err e = OK;
    for (const char *line = file.text; e == OK && line && *line; line = strchr(line, '\n')) {
        struct wall_anchor anchor;
        line += *line == '\n';
        if (sscanf(line, "%" SCNd64 " %" SCNd64 " %" SCNu64, &anchor.engine_ns, &anchor.wall_ns,
                   &anchor.scale_ppm) == 3 &&
            anchor.scale_ppm > 0)
            e = add_anchor(service, &anchor);
    }
    free(file.text);
    return e;
}

err wall_open(struct service *service, struct diag *diag)
{
    char path[PATH_MAX], line[ANCHOR_BYTES];
    struct append_file file;
    const struct wall_anchor now = {service->base_ns, wall_now_ns(), service->options.time_scale_ppm};
    snprintf(path, sizeof path, "%s/wall", service->options.data_dir);
    TRY(read_anchors(service, path));
    TRY(add_anchor(service, &now));
    int size = snprintf(line, sizeof line, "%" PRId64 " %" PRId64 " %" PRIu64 "\n", now.engine_ns,
                        now.wall_ns, now.scale_ppm);
    TRY(append_open(&file, path, diag));
    err e = append_write(&file, line, (size_t)size, diag);
    if (e == OK) e = append_sync(&file, diag);
    append_close(&file);
    return e;
}

static int64_t wall_of(const struct service *service, int64_t at_ns)
{
    uint32_t last = service->anchor_count - 1, i = last;
    const struct wall_anchor *anchors = service->anchors;
    while (i > 0 && anchors[i].engine_ns >= at_ns) i--;
    if (i == last)
        return wall_now_ns() - real_span_ns(service_now_ns(service) - at_ns, service->options.time_scale_ppm);
    return anchors[i].wall_ns + real_span_ns(at_ns - anchors[i].engine_ns, anchors[i].scale_ppm);
}

void service_time_text(const struct service *service, int64_t at_ns, char out[SERVICE_TIME_BYTES])
{
    struct tm parts;
    out[0] = 0;
    if (at_ns == NEVER_NS) return;
    int64_t then_ms = (service->anchor_count ? wall_of(service, at_ns) : wall_now_ns()) / NS_PER_MS;
    time_t then_s = (time_t)(then_ms / 1000);
    if (!gmtime_r(&then_s, &parts)) return;
    size_t used = strftime(out, SERVICE_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + used, SERVICE_TIME_BYTES - used, ".%03dZ", (int)(then_ms % 1000));
}
