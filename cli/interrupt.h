/* cli/interrupt.h: asked to stop, a command takes back what it has begun and ends with ERR_INTERRUPTED. */
#pragma once
#include <signal.h>

/* From now until interrupt_release SIGINT, SIGTERM and SIGHUP set what it points at. One at a time. */
const volatile sig_atomic_t *interrupt_catch(void);
void interrupt_release(void);
