/* daemon/service_config.c: changes while it runs: on a copy, in force once the event was stepped. */
#include "daemon/service_state.h"
#include <stdlib.h>
#include <unistd.h>

static err order_settings(struct service *service, const struct config *next, service_done *done,
                          void *context)
{
    struct pending item = {
        .event = {.kind = EVENT_SETTINGS}, .done = done, .context = context, .is_order = true};
    if (service->is_read_only) return ERR_IO;
    if (service->rebuild.is_wanted) return ERR_CONFLICT;
    item.settings = malloc(sizeof *item.settings);
    item.config = malloc(sizeof *item.config);
    err e = item.settings && item.config ? OK : ERR_NOMEM;
    if (e == OK) {
        *item.settings = next->settings;
        *item.config = *next;
        e = batch_add(&service->gathering, &item, NULL, 0);
    }
    if (e == OK) {
        service->orders_waiting++;
        return OK;
    }
    free(item.settings);
    free(item.config);
    return e;
}

/* The newest configuration that is on its way, so that two changes in a row do not undo each other. */
static const struct config *latest(const struct service *service)
{
    const struct batch *batches[] = {&service->gathering, &service->writing};
    for (int b = 0; b < 2; b++)
        for (uint32_t i = batches[b]->count; i-- > 0;)
            if (batches[b]->items[i].config) return batches[b]->items[i].config;
    return &service->config;
}

err service_configure(struct service *service, const struct config_update *update, struct config_notes *notes,
                      service_done *done, void *context, struct diag *diag)
{
    struct config *next = malloc(sizeof *next);
    if (!next) return ERR_NOMEM;
    *next = *latest(service);
    err e = config_set_hot(next, update, notes, diag);
    if (e == OK) e = order_settings(service, next, done, context);
    free(next);
    return e;
}

static err read_again(const struct service *service, struct config *fresh, struct config_notes *notes,
                      struct diag *diag)
{
    config_init(fresh);
    for (uint32_t i = 0; i < service->config.file_count; i++)
        TRY(config_load_file(fresh, service->config.files[i], notes, diag));
    TRY(config_apply_env(fresh, environ, notes, diag));
    return config_check(fresh, notes, diag);
}

err service_reload(struct service *service, struct config_notes *notes, service_done *done, void *context,
                   struct diag *diag)
{
    struct config *fresh = malloc(2 * sizeof *fresh), *next = fresh + 1;
    if (!fresh) return ERR_NOMEM;
    *next = *latest(service);
    err e = read_again(service, fresh, notes, diag);
    if (e == OK) e = config_reload(next, fresh, notes, diag);
    if (e == OK) e = order_settings(service, next, done, context);
    free(fresh);
    return e;
}
