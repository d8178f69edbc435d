/* The program: finds the subcommand, and turns its status into an exit code. */
#include "cli.h"

#include "base/log.h"
#include "base/simd.h"
#include "kernels/gemm.h"
#include <lwssim/version.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command {
    const char *name, *summary;
    lws_status (*run)(int argc, char **argv);
} commands[] = {
#define ROW(name, summary) {#name, summary, cmd_##name},
    CLI_COMMANDS(ROW)
#undef ROW
};

#define EXIT_CODE(name, code, text) ", " #code " " text
static const char exit_codes[] = LWS_EXIT_LIST(EXIT_CODE);

static void help(FILE *out)
{
    fprintf(out,
            "lwssim %s: trains convolutional auto-encoders with structural losses on CPUs\n\n"
            "usage: lwssim COMMAND [OPTIONS]\n       mpirun -n RANKS lwssim train [OPTIONS]\n\n",
            LWS_VERSION);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
    fprintf(out,
            "\nlwssim COMMAND --help lists the options of a command.\n"
            "Exit codes: %s.\n",
            exit_codes + 2);
}

/* Where a standard stream is closed, the next file to be opened would be it, and get what is printed. What is opened
 * here in its place refuses, as a closed one does. */
static void fill_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}

int main(int argc, char **argv)
{
    fill_streams();
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow further is an error of write(), as a full disk is */
    cli_prepare_environment(argv);
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        help(stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        lws_status status = lws_arch_check();
        if (status == LWS_OK)
            printf("lwssim %s (instruction set %s, matrix kernel %s)\n", LWS_VERSION, lws_arch_name(), lws_gemm_core());
        return lws_exit_code(cli_report(status));
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(name, commands[i].name) != 0)
            continue;
        lws_status status = commands[i].run(argc - 1, argv + 1);
        return lws_exit_code(cli_report(status));
    }
    if (argc > 1)
        lws_error("there is no command '%s'", name);
    help(stderr);
    return 2;
}
