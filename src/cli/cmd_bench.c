/* lwssim bench: runs the sections that were asked for, as a table or as JSON. */
#include "bench/bench.h"
#include "cli.h"

#include "base/simd.h"
#include "kernels/gemm.h"
#include <lwssim/latent.h>
#include <lwssim/version.h>

#include <stdio.h>
#include <string.h>

static const char usage[] = "usage: lwssim bench [--json] [--only conv,loss] [OPTIONS]\n"
                            "       mpirun -n RANKS lwssim bench …\n"
                            "How fast this machine runs the parts of training, in seconds rather than minutes.\n";

/* " gemm conv …", a literal. */
#define NAME(name, needs_ceiling) " " #name
#define SECTIONS BENCH_SECTIONS(NAME)

typedef struct command {
    bool json;
    char only[LWS_CONFIG_TEXT], data[LWS_CONFIG_TEXT];
    int64_t base, latent, images, threads;
    lws_config_list windows;
} command;

static const lws_config_key keys[] = {
    {"json", LWS_CONFIG_FLAG, offsetof(command, json), "false", 0, 0, NULL,
     "print one JSON object in place of the table", "options"},
    {"only", LWS_CONFIG_STRING, offsetof(command, only), "", 0, 0, "LIST", "of" SECTIONS, NULL},
    {"images", LWS_CONFIG_INT, offsetof(command, images), "32", 1, 1024, NULL, "in a micro-batch", NULL},
    {"base-channels", LWS_CONFIG_INT, offsetof(command, base), "64", 1, 512, NULL, "channels of dcgan64's first layer",
     NULL},
    {"latent", LWS_CONFIG_INT, offsetof(command, latent), "128", 1, LWS_LATENT_MAX, NULL, "length of the code", NULL},
    {"windows", LWS_CONFIG_INTS, offsetof(command, windows), "3,5,7,9,11", 1, BENCH_SIDE, NULL,
     "window sides in pixels, by themselves and in one more LWSSIM", NULL},
    {"data", LWS_CONFIG_STRING, offsetof(command, data), "", 0, 0, "DIR", "dataset to read; synthetic faces by default",
     NULL},
    {"threads", LWS_CONFIG_INT, offsetof(command, threads), "0", 0, 1024, NULL,
     "threads a rank; 0: its share of the cores", NULL},
};
static const lws_config_table table = {keys, sizeof keys / sizeof *keys, NULL};

static const struct section {
    const char *name;
    lws_status (*run)(bench *b);
    bool needs_ceiling;
} sections[] = {
#define ROW(name, needs_ceiling) {#name, bench_##name, needs_ceiling},
    BENCH_SECTIONS(ROW)
#undef ROW
};
enum { SECTION_COUNT = sizeof sections / sizeof *sections };

/* Which sections to run: all where `only` is empty. */
static lws_status choose(const char *only, bool *chosen)
{
    for (int i = 0; i < SECTION_COUNT; i++)
        chosen[i] = !only[0];
    for (const char *at = only; *at;) {
        size_t length = strcspn(at, ",");
        int i = 0;
        while (i < SECTION_COUNT && (strlen(sections[i].name) != length || memcmp(sections[i].name, at, length) != 0))
            i++;
        if (i == SECTION_COUNT)
            return lws_fail(LWS_ERR_USAGE, "bench: --only %s: '%.*s' is none of" SECTIONS, only, (int)length, at);
        chosen[i] = true;
        at += length + (at[length] == ',');
    }
    for (int i = 0; i < SECTION_COUNT; i++)
        chosen[0] = chosen[0] || (chosen[i] && sections[i].needs_ceiling);
    return LWS_OK;
}

static void describe(bench *b)
{
    lws_record *machine = lws_record_object(b->record, "machine");
    lws_record_text(machine, "version", LWS_VERSION);
    lws_record_text(machine, "host", lws_comm_host(b->comm));
    lws_record_text(machine, "kernel", lws_gemm_core());
    lws_record_text(machine, "instruction_set", lws_arch_name());
    lws_record_number(machine, "ranks", lws_comm_size(b->comm));
    lws_record_number(machine, "threads", b->threads);
    lws_record_number(b->record, "images", b->images);
    lws_record_number(b->record, "base_channels", b->base);
    lws_record_number(b->record, "latent", b->latent);
}

static lws_status run(lws_comm *comm, const command *c, const bool *chosen)
{
    int threads;
    LWS_TRY(cli_start_threads(comm, (int)c->threads, &threads));
    LWS_TRY(lws_comm_agree(comm, lws_gemm_reserve(threads)));
    bool root = lws_comm_rank(comm) == 0;
    bench b = {.comm = comm,
               .tells = root && !c->json,
               .images = (int)c->images,
               .base = (int)c->base,
               .latent = (int)c->latent,
               .windows = c->windows,
               .data = c->data,
               .threads = threads,
               .record = root ? lws_record_new() : NULL};
    cli_describe_machine(lws_comm_size(comm), b.threads);
    describe(&b);
    lws_status status = LWS_OK;
    for (int i = 0; i < SECTION_COUNT && status == LWS_OK; i++) {
        if (chosen[i])
            status = sections[i].run(&b);
        bench_release(&b);
    }
    if (status == LWS_OK)
        status = lws_comm_agree(comm, root && c->json ? lws_record_save(b.record, "-") : LWS_OK);
    lws_record_free(b.record);
    return status;
}

lws_status cmd_bench(int argc, char **argv)
{
    lws_comm *comm;
    command c;
    bool done = false, chosen[SECTION_COUNT];
    LWS_TRY(cli_enter(&comm));
    lws_status status = cli_parse(table, &c, argc, argv, usage, NULL, NULL, &done);
    if (status == LWS_OK)
        status = choose(c.only, chosen);
    status = cli_agree(comm, status, argv[0], done, table, &c, (const char *const[]){"data", "threads", NULL});
    if (status == LWS_OK && !done)
        status = run(comm, &c, chosen);
    return cli_leave(comm, status);
}
