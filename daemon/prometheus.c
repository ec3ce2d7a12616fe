/* daemon/prometheus.c: one request by libcurl, one answer by jansson. */
#include "daemon/prometheus.h"
#include "base/json.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { URL_BYTES = 8192, CONNECT_TIME_MAX_S = 10 };

struct answer {
    char *text; /* ours, with a NUL behind it */
    size_t size_bytes;
    bool is_too_large;
};

static size_t take_bytes(char *bytes, size_t one, size_t count, void *context)
{
    struct answer *answer = context;
    size_t size = one * count;
    answer->is_too_large = answer->size_bytes + size > PROMETHEUS_BYTES_MOST;
    if (answer->is_too_large) return 0;
    char *grown = realloc(answer->text, answer->size_bytes + size + 1);
    if (!grown) return 0;
    memcpy(grown + answer->size_bytes, bytes, size);
    answer->text = grown;
    answer->size_bytes += size;
    grown[answer->size_bytes] = '\0';
    return size;
}

/* Parameters are escaped, so that a query may hold anything. */
static err write_url(char out[URL_BYTES], CURL *handle, const struct prometheus_range *range,
                     struct diag *diag)
{
    const char *const names[] = {"query", "start", "end", "step"}, *const values[] = {
                                                                       range->query, range->start, range->end,
                                                                       range->step};
    size_t trim = strlen(range->url);
    while (trim > 0 && range->url[trim - 1] == '/') trim--;
    int used = snprintf(out, URL_BYTES, "%.*s/api/v1/query_range", (int)trim, range->url);
    for (int i = 0; i < 4 && used < URL_BYTES; i++) {
        char *escaped = curl_easy_escape(handle, values[i], 0);
        if (!escaped) return diag_fail(diag, ERR_NOMEM, "out of memory for a query");
        used += snprintf(out + used, URL_BYTES - (size_t)used, "%c%s=%s", i ? '&' : '?', names[i], escaped);
        curl_free(escaped);
    }
    if (used < URL_BYTES) return OK;
    return diag_fail(diag, ERR_USAGE, "--query: is too long for a request");
}

static err ask(CURL *handle, const struct prometheus_range *range, struct answer *answer, struct diag *diag)
{
    char url[URL_BYTES], why[CURL_ERROR_SIZE] = "";
    TRY(write_url(url, handle, range, diag));
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT, (long)PROMETHEUS_TIME_MAX_S);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIME_MAX_S);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, why);
    CURLcode code = curl_easy_perform(handle);
    if (code == CURLE_OK) return OK;
    if (answer->is_too_large)
        return diag_fail(diag, ERR_IO, "%.200s: answers more than %d MiB; ask for a larger --step",
                         range->url, PROMETHEUS_BYTES_MOST >> 20);
    return diag_fail(diag, ERR_IO, "%.200s: %.200s", range->url, *why ? why : curl_easy_strerror(code));
}

/* -- the answer -- */

static err refuse_status(const struct prometheus_range *range, long code, const struct json_node *root,
                         struct diag *diag)
{
    const char *status = "", *words = "";
    struct diag none = {0};
    if (root && json_get_text(root, "status", &status, &none) == OK && code == 200 &&
        strcmp(status, "success") == 0)
        return OK;
    if (root && json_has(root, "error") && json_get_text(root, "error", &words, &none) != OK) words = "";
    return diag_fail(diag, ERR_IO, "%.200s: status %ld%s%.200s", range->url, code, *words ? ": " : "", words);
}

static err write_series(const struct json_node *series, FILE *out, size_t *rows, struct diag *diag)
{
    struct json_node values;
    TRY(json_get_array(series, "values", &values, diag));
    for (size_t i = 0; i < json_count(&values); i++) {
        struct json_node point = json_item(&values, i);
        const char *text;
        if (json_count(&point) != 2) return json_fail(&point, diag, ERR_SYNTAX, "is no point [time, value]");
        struct json_node value = json_item(&point, 1);
        TRY(json_get_text(&value, NULL, &text, diag));
        if (strpbrk(text, ",\"\r\n")) return json_fail(&value, diag, ERR_SYNTAX, "is no number");
        fprintf(out, "%s\n", text);
        ++*rows;
    }
    return OK;
}

static err write_matrix(const struct json_node *root, const struct prometheus_range *range, FILE *out,
                        struct diag *diag)
{
    struct json_node data, result;
    const char *type;
    size_t rows = 0;
    TRY(json_get_object(root, "data", &data, diag));
    TRY(json_get_text(&data, "resultType", &type, diag));
    if (strcmp(type, "matrix") != 0) return json_fail(&data, diag, ERR_SYNTAX, "resultType is not matrix");
    TRY(json_get_array(&data, "result", &result, diag));
    fprintf(out, "%s\n", range->column);
    for (size_t i = 0; i < json_count(&result); i++) {
        struct json_node series = json_item(&result, i);
        TRY(write_series(&series, out, &rows, diag));
    }
    if (rows > 0) return OK;
    return diag_fail(diag, ERR_SYNTAX, "%.200s: no points for this query in this range", range->url);
}

err prometheus_read(char **csv_out, const struct prometheus_range *range,
                    const struct prometheus_answer *answer, struct diag *diag)
{
    const struct json_text text = {"answer of Prometheus", answer->text, answer->size_bytes};
    struct json *json = NULL;
    struct diag why = {0};
    char *csv = NULL;
    size_t size;
    err e = json_read_text(&json, &text, &why);
    struct json_node root;
    if (e == OK) root = json_root(json);
    err status = refuse_status(range, answer->http_status, e == OK ? &root : NULL, diag);
    if (status == OK && e == OK) {
        FILE *out = open_memstream(&csv, &size);
        e = out ? write_matrix(&root, range, out, diag) : diag_fail(diag, ERR_NOMEM, "out of memory");
        if (out && fclose(out) != 0 && e == OK) e = diag_fail(diag, ERR_NOMEM, "out of memory for points");
    }
    json_free(json);
    if (status != OK) e = status;
    if (e != OK)
        free(csv);
    else
        *csv_out = csv;
    return e;
}

err prometheus_fetch(char **csv_out, const struct prometheus_range *range, struct diag *diag)
{
    if (strncmp(range->url, "http://", 7) != 0 && strncmp(range->url, "https://", 8) != 0)
        return diag_fail(diag, ERR_USAGE, "--prometheus: \"%.200s\" does not begin with http:// or https://",
                         range->url);
    CURL *handle = curl_easy_init();
    if (!handle) return diag_fail(diag, ERR_NOMEM, "out of memory for a request");
    struct answer answer = {0};
    err e = ask(handle, range, &answer, diag);
    struct prometheus_answer whole = {answer.text ? answer.text : "", answer.size_bytes, 0};
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &whole.http_status);
    if (e == OK) e = prometheus_read(csv_out, range, &whole, diag);
    curl_easy_cleanup(handle);
    free(answer.text);
    return e;
}
