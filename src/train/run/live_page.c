/* The report of a run under way. */
#include "run/live_page.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/profile.h"
#include "base/text.h"
#include "comm/watchdog.h"
#include "kernels/gemm.h"
#include "page/page.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    RESTS = 99,   /* times its own cost that a page waits for the next */
    REFRESH = 20, /* seconds after which a browser looks again */
};

bool live_page_is_due(const training_run *r)
{
    const lws_config_interval *every = &r->trainer.context.options->report_every;
    return every->unit == LWS_EVERY_SECONDS && every->count > 0 && lws_now() - r->page.time >= every->count;
}

/* What /proc/cpuinfo calls this CPU; "" where it does not say. */
static void name_cpu(char *name, size_t size)
{
    char line[256];
    FILE *in = fopen("/proc/cpuinfo", "r");
    name[0] = 0;
    while (in && !name[0] && fgets(line, sizeof line, in)) {
        const char *colon = strchr(line, ':');
        if (colon && strncmp(line, "model name", 10) == 0)
            snprintf(name, size, "%.*s", (int)strcspn(colon + 1, "\n"), colon + 1);
    }
    if (in)
        fclose(in);
}

static void describe_machine(const training_run *r, char *text, size_t size)
{
    char host[128] = "", cpu[200];
    int ranks = lws_comm_size(r->trainer.context.comm), threads = omp_get_max_threads();
    gethostname(host, sizeof host - 1);
    name_cpu(cpu, sizeof cpu);
    snprintf(text, size, "%d rank%s of %d thread%s, matrix kernel %s; rank 0 on %s,%s", ranks, lws_plural(ranks),
             threads, lws_plural(threads), lws_gemm_core(), host, cpu[0] ? cpu : " of an unknown CPU");
}

/* The model as it is trained, in the form of one that was loaded. */
static lws_inference_model describe_model(const training_run *r)
{
    const train_context *c = &r->trainer.context;
    const train_state *s = &r->trainer.state;
    return (lws_inference_model){
        .meta = checkpoints_describe(&r->checkpoints),
        .options = *c->options,
        .model = c->model,
        .params = s->params,
        .buffers = state_buffers(s),
        .block = (int)micro_batch_size(c),
    };
}

static lws_status write_page(const training_run *r, live_page_moment moment)
{
    char output[LWS_PATH], machine[512];
    lws_inference_model model = describe_model(r);
    snprintf(output, sizeof output, "%s/" LWS_PAGE_FILE, r->request.run);
    describe_machine(r, machine, sizeof machine);
    return lws_page_write(&(lws_page_request){
        .paths = 1,
        .path = &r->request.run,
        .output = output,
        .refresh = moment == LIVE_PAGE_GOES_ON ? REFRESH : 0,
        .is_light = moment != LIVE_PAGE_DONE,
        .model = moment == LIVE_PAGE_DONE ? &model : NULL,
        .machine = machine,
    });
}

void live_page_write(training_run *r, live_page_moment moment)
{
    const train_context *c = &r->trainer.context;
    double begin = lws_now();
    if (!c->is_root || c->options->report_every.count == 0)
        return;
    if (moment == LIVE_PAGE_GOES_ON && begin - r->page.time < RESTS * r->page.cost)
        return;
    LWS_PROFILE("report");
    lws_watchdog_phase("report of step", r->trainer.state.step);
    bool failed = write_page(r, moment) != LWS_OK;
    if (failed && !r->page.is_late)
        lws_warn("%s; training goes on without the report", lws_message());
    r->page.is_late = failed;
    r->page.time = lws_now();
    r->page.cost = r->page.time - begin;
}
