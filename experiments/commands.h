/* commands.h -- the sub-commands of `relmas`, one file each (cmd_NAME.c). Each takes the arguments
 * behind its name and returns the exit code: 0 ok, 1 failed, 2 bad usage or bad input. */
#ifndef RELMAS_EXPERIMENTS_COMMANDS_H
#define RELMAS_EXPERIMENTS_COMMANDS_H

#include "base/status.h"

int cmd_train(int argc, char *const *argv);
int cmd_eval(int argc, char *const *argv);
int cmd_capacity(int argc, char *const *argv);
int cmd_costs(int argc, char *const *argv);
int cmd_import(int argc, char *const *argv);
int cmd_trace(int argc, char *const *argv);
int cmd_inspect(int argc, char *const *argv);
int cmd_report(int argc, char *const *argv);
int cmd_verdict(int argc, char *const *argv);
int cmd_list(int argc, char *const *argv);

/* "relmas: MESSAGE" on stderr; 2 for what the user gave, 1 for what the machine refused. */
int report_error(const Err *err);

#endif
