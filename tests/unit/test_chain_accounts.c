/* tests/unit/test_chain_accounts.c: fields add up to what an account needs. */
#include "sim/chain_accounts.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

Test(chain_accounts, fields_add_up)
{
    static const uint32_t BYTES[] = {373, 347, 198, 98};
    cr_assert(eq(u32, chain_account_count(), 4));
    for (uint32_t i = 0; i < 4; i++)
        cr_assert(eq(u32, chain_account_bytes(chain_account_at(i)), BYTES[i]), "%s",
                  chain_account_at(i)->name);
}

Test(chain_accounts, every_field_has_a_name_and_a_size)
{
    for (uint32_t i = 0; i < chain_account_count(); i++) {
        const struct chain_account *account = chain_account_at(i);
        cr_assert(account->fields[CHAIN_FIELDS_MOST - 1].name == NULL);
        for (int field = 0; account->fields[field].name; field++)
            cr_assert(strlen(account->fields[field].name) > 0 && account->fields[field].bytes > 0);
    }
}
