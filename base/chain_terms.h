/* base/chain_terms.h: what of a chain is the same in its model and in what is read out of its slots. */
#pragma once

enum {
    CHAIN_WINDOW = 4,         /* consecutive slots of a leader */
    CHAIN_LATE_CAP_SLOTS = 8, /* [A] repair always has a block by then: bounds the tail of the Pareto */
};
