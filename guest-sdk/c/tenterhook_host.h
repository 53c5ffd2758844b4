/* What the code that `tenterhook build` writes calls. It may change in any release. */
#ifndef TENTERHOOK_HOST_H
#define TENTERHOOK_HOST_H

#include "tenterhook.h"

/* Calls a handler with the event's handle, and gives its answer as the canonical ABI has it. */
void *th_run(uint32_t event, th_answer (*handler)(th_event));

#endif
