/* What the subcommands share: private to this folder. Each cmd_*.c parses, calls the library and prints. */
#ifndef LWS_CLI_H
#define LWS_CLI_H

#include "commands.h"

#include "base/config.h"
#include "comm/comm.h"
#include "data/dataset.h"
#include "nn/nn.h"

#include <stdbool.h>

/* A subcommand gets its own name as argv[0] and returns a status; main prints the message of a failure. */
#define DECLARE(name, summary) lws_status cmd_##name(int argc, char **argv);
CLI_COMMANDS(DECLARE)
#undef DECLARE

/* The trained model that a command works on: a part of its fields, called `model`, and the keys of that part. */
typedef struct cli_model {
    char run[LWS_CONFIG_TEXT], checkpoint[LWS_CONFIG_TEXT];
    bool best;
} cli_model;

#define CLI_MODEL_KEY(name, type, at, initial, choices, help, group)                                                   \
    {                                                                                                                  \
        name, type, at, initial, 0, 0, choices, help, group                                                            \
    }
#define CLI_MODEL_KEYS(command)                                                                                        \
    CLI_MODEL_KEY("run", LWS_CONFIG_STRING, offsetof(command, model.run), "", "DIR",                                   \
                  "a run: its newest whole checkpoint is used", "options"),                                            \
        CLI_MODEL_KEY("best", LWS_CONFIG_FLAG, offsetof(command, model.best), "false", NULL,                           \
                      "with --run: the checkpoint of best validation SSIM", NULL),                                     \
        CLI_MODEL_KEY("checkpoint", LWS_CONFIG_STRING, offsetof(command, model.checkpoint), "", "FILE",                \
                      "a checkpoint", NULL)

/* command.c: parses a command's options over their defaults. `usage` begins its --help; when that was asked for it is
 * printed (by rank 0) and *done set. rest: see lws_config_parse. */
lws_status cli_parse(lws_config_table table, void *fields, int argc, char **argv, const char *usage, const char **rest,
                     int *rest_count, bool *done);

/* command.c: what all commands that know ranks do after cli_parse(): they agree on its status, on the program and on
 * the command; and on the options but those of the keys in `own` (see agreement.h). Collective. */
lws_status cli_agree(lws_comm *comm, lws_status parsed, const char *command, bool help, lws_config_table table,
                     const void *fields, const char *const *own);

/* command.c: the keys of a command that trains: its own, then all of training, whose options stand `at` bytes into its
 * fields; with the marks of those that were given. cli_free_keys() is due whatever comes back. LWS_ERR_MEMORY. */
lws_status cli_compose_keys(const lws_config_key *own, size_t count, size_t at, lws_config_table *table);
void cli_free_keys(lws_config_table *table);

/* command.c: a run remembers its dataset, and must find it again from any folder. What is not there stays as it is. */
void cli_make_absolute(char path[LWS_CONFIG_TEXT]);

/* command.c: where an option may differ from rank to rank, it is given to all of them or to none. Collective. */
lws_status cli_agree_given(lws_comm *comm, const char *option, bool is_given);

/* command.c: the start of a command on several ranks: MPI, watched from the first moment on: after
 * LWSSIM_DEADLINE seconds (600) without progress the job ends. That a reader of its output leaves does not end it.
 * Collective. LWS_ERR_USAGE, LWS_ERR_MEMORY. */
lws_status cli_enter(lws_comm **comm);

/* command.c: the end of a command: what it printed is flushed, and the message of a failure or stop printed; once
 * however often it is called. Returns status, or LWS_ERR_IO where standard output could not be written, but where its
 * reader has left. */
lws_status cli_report(lws_status status);

/* command.c: the end of a command on several ranks: rank 0 reports before any rank leaves, as mpirun ends the others,
 * with what they have not yet said, when the first exits with an error. Collective. Returns status. */
lws_status cli_leave(lws_comm *comm, lws_status status);

/* What is particular to a command on several ranks. */
typedef struct cli_job {
    const lws_config_key *keys;
    size_t key_count;
    size_t size; /* of its fields, which begin zeroed */
    bool trains; /* the keys of training are among its own: its fields begin with their options */
    const char *usage;
    const char *const *own; /* options that may differ from rank to rank; see cli_agree() */
    lws_status (*read)(lws_config_table table, int argc, char **argv, void *fields, int ranks); /* or NULL */
    lws_status (*run)(lws_comm *comm, void *fields);                                            /* collective; agreed */
} cli_job;

/* command.c: such a command from its beginning to its end: enter, parse, read() what parsing alone does not see, agree,
 * run, leave. Collective. */
lws_status cli_run_job(const cli_job *job, int argc, char **argv);

/* machine.c: makes OpenBLAS run the kernel that suits this CPU and OpenMP wait politely, by executing the program again
 * with the environment that these libraries read when they are loaded. What the user has set stays. Call first in
 * main. */
void cli_prepare_environment(char **argv);

/* machine.c: starts the threads of this command, as many as lws_threads_choose() says for `wanted` (--threads; 0: not
 * given), on all ranks; warns where the launcher's binding leaves cores unused. comm NULL: this process alone.
 * Collective; agreed: LWS_ERR_MEMORY. */
lws_status cli_start_threads(lws_comm *comm, int wanted, int *threads);

/* One line on the machine: ranks, threads, kernel. */
void cli_describe_machine(int ranks, int threads);

/* run_data.c: where `data` is "", the dataset that the run was trained on to `data`. LWS_ERR_USAGE where neither is
 * named, LWS_ERR_IO, LWS_ERR_FORMAT. Collective; errors are lone. */
lws_status cli_run_data(lws_comm *comm, const char *command, const cli_model *model, char data[LWS_CONFIG_TEXT]);

/* run_data.c: warns where the training split in `data` has not the digest `trained_on` of the model: the folder that
 * its run names may hold another dataset now. Each rank looks, the root speaks. Not collective. */
void cli_warn_of_others(const char *model, const char *trained_on, const char *data);

/* run_data.c: opens a split of images of this shape. As lws_dataset_open; LWS_ERR_MISMATCH where it holds none, or
 * others; *dataset is then set, or NULL, for the caller to close. */
lws_status cli_open_split(const char *data, lws_split split, lws_shape image, lws_dataset **dataset);

/* outputs.c: LWS_ERR_USAGE where the output of this option is one of the inputs, by whatever name: files, or folders
 * and what is read of them; the list ends with NULL, and "" stands for none. Call before anything is computed. */
lws_status cli_check_output(const char *option, const char *output, const char *const *inputs);

/* outputs.c: LWS_ERR_USAGE where the output of this option is there and is not its own, which the caller knows by its
 * content. What holds nothing is anybody's; a pipe is written to. */
lws_status cli_check_own(const char *option, const char *output, bool is_own);

/* outputs.c: LWS_ERR_USAGE where the name promises another kind of picture than a PNG, and where it is there and is
 * none. */
lws_status cli_check_png(const char *option, const char *output);

#endif
