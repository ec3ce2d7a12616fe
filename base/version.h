/* base/version.h: which program this is. The Makefile gives the commit. */
#pragma once

const char *version_number(void); /* "2.4.0" */
const char *version_commit(void); /* twelve hex digits, or "unknown" */
