/* daemon/metrics_service.c: the figures of a running service, put where the table reads them. */
#include "daemon/metrics_own.h"

struct picture {
    struct metrics_view view;
    struct service_status status;
    struct chain_view chain;
};

static void take_picture(struct picture *out, const struct metrics *metrics, const struct service *service)
{
    const struct engine *engine = service_engine(service);
    service_status(service, &out->status);
    service_chain(service, &out->chain);
    out->view = (struct metrics_view){
        .stats = engine_statistics(engine),
        .memory = engine_memory_usage(engine),
        .settings = &service_config(service)->settings,
        .metrics = metrics,
        .engine = engine,
        .status = &out->status,
        .chain = &out->chain,
        .now_ns = service_now_ns(service),
    };
}

void metrics_write(const struct metrics *metrics, const struct service *service, FILE *out, bool is_flat)
{
    struct picture picture;
    take_picture(&picture, metrics, service);
    metrics_view_write(&picture.view, out, is_flat);
}

void metrics_write_workers(const struct metrics *metrics, const struct service *service, FILE *out)
{
    struct picture picture;
    take_picture(&picture, metrics, service);
    metrics_view_write_workers(&picture.view, out);
}

void metrics_each(const struct metrics *metrics, const struct service *service, metrics_sample *each,
                  void *context)
{
    struct picture picture;
    take_picture(&picture, metrics, service);
    metrics_view_each(&picture.view, each, context);
}

void metrics_each_of_workers(const struct metrics *metrics, const struct service *service,
                             metrics_sample *each, void *context)
{
    struct picture picture;
    take_picture(&picture, metrics, service);
    metrics_view_each_of_workers(&picture.view, each, context);
}

void metrics_health(const struct metrics *metrics, const struct service *service, struct health *out)
{
    struct picture picture;
    take_picture(&picture, metrics, service);
    *out = metrics_view_health(&picture.view);
}
