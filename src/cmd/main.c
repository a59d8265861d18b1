/* The program `kedun`: picks the subcommand, or becomes a role. */
#include "cmd/command.h"
#include "cmd/role_start.h"

#include <stdio.h>

static const struct command commands[] = {
    {"serve", "--data DIR [--listen ADDR:PORT] [--config FILE]", "run the system", command_serve},
    {"init", "--data DIR [--organisation NAME] [--admin LOGIN] [--security LOGIN] [--auditor LOGIN]",
     "make a data directory; asks for the three administrators' passwords", command_init},
    {"demo", "--data DIR [--customers N] [--seed S] [--leads N] | --csv FILE [--rows N] [--encoding E]",
     "make a demo group company, or a CSV to try the import with", command_demo},
    {"policy",
     "explain --data DIR --user LOGIN --action A --record OBJECT[/ID] [--field F] [--with-reason]\n"
     "                 authorize --policies F --entities F --request-json F [--schema F]\n"
     "                 validate --policies F --schema F [--mode strict|permissive]\n"
     "                 translate --direction cedar-to-json|json-to-cedar --policies F | --schema F\n"
     "                 format --policies F [--write | --check]\n"
     "                 schema [--format cedar|json] [--objects DIR]",
     "say why somebody may or may not do something; put the language's questions to Cedar files",
     command_policy},
    {"audit", "verify --data DIR [--head FILE] [--key FILE] | list --data DIR [--from SEQ]",
     "check the audit log offline, or print its entries as JSON lines", command_audit},
    {"check-config", "[--config FILE] [--data DIR]", "read the configuration, say what is wrong with it",
     command_check_config},
};

static int print_help(FILE *to) {
    (void)fprintf(to, "usage: kedun COMMAND\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        (void)fprintf(to, "  %-14s %s\n      %s\n", commands[i].name, commands[i].usage, commands[i].what);
    return to == stdout ? EXIT_FINE : EXIT_USAGE;
}

int main(int argc, char **argv) {
    if (argc < 2)
        return print_help(stderr);
    if (strcmp(argv[1], "--role") == 0)
        return role_start(argc, argv);
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0)
        return print_help(stdout);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, argv[1]) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    (void)fprintf(stderr, "kedun: there is no command %s\n", argv[1]);
    return print_help(stderr);
}
