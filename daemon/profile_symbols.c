/* daemon/profile_symbols.c: the program's own table of symbols, read from its file. */
#include "daemon/profile_own.h"
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct symbol {
    uintptr_t from, size;
    const char *name; /* in the file */
};

struct profile_symbols {
    const unsigned char *file;
    size_t file_bytes;
    uintptr_t base; /* where the program was loaded */
    struct symbol *symbols;
    size_t count;
};

static int first_object(struct dl_phdr_info *info, size_t size_bytes, void *base)
{
    (void)size_bytes;
    *(uintptr_t *)base = info->dlpi_addr;
    return 1; /* the first one is the program */
}

static err map_program(struct profile_symbols *out)
{
    struct stat known;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (file < 0) return ERR_IO;
    bool is_known = fstat(file, &known) == 0 && known.st_size > (off_t)sizeof(Elf64_Ehdr);
    void *bytes = is_known ? mmap(NULL, (size_t)known.st_size, PROT_READ, MAP_PRIVATE, file, 0) : MAP_FAILED;
    close(file);
    if (bytes == MAP_FAILED) return ERR_IO;
    out->file = bytes;
    out->file_bytes = (size_t)known.st_size;
    return OK;
}

static int by_address(const void *a, const void *b)
{
    const struct symbol *first = a, *second = b;
    return first->from < second->from ? -1 : first->from > second->from;
}

static err read_table(struct profile_symbols *out, const Elf64_Shdr *table, const Elf64_Shdr *texts)
{
    if (table->sh_offset + table->sh_size > out->file_bytes ||
        texts->sh_offset + texts->sh_size > out->file_bytes)
        return ERR_SYNTAX;
    const Elf64_Sym *entries = (const void *)(out->file + table->sh_offset);
    size_t count = table->sh_size / sizeof *entries;
    out->symbols = calloc(count + 1, sizeof *out->symbols);
    if (!out->symbols) return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        bool is_function = ELF64_ST_TYPE(entries[i].st_info) == STT_FUNC && entries[i].st_value;
        if (!is_function || entries[i].st_name >= texts->sh_size) continue;
        out->symbols[out->count++] =
            (struct symbol){entries[i].st_value, entries[i].st_size,
                            (const char *)out->file + texts->sh_offset + entries[i].st_name};
    }
    qsort(out->symbols, out->count, sizeof *out->symbols, by_address);
    return OK;
}

static err read_symbols(struct profile_symbols *out)
{
    const Elf64_Ehdr *head = (const void *)out->file;
    size_t end = head->e_shoff + (size_t)head->e_shnum * sizeof(Elf64_Shdr);
    if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || end > out->file_bytes) return ERR_SYNTAX;
    const Elf64_Shdr *sections = (const void *)(out->file + head->e_shoff);
    for (unsigned i = 0; i < head->e_shnum; i++)
        if (sections[i].sh_type == SHT_SYMTAB && sections[i].sh_link < head->e_shnum)
            return read_table(out, &sections[i], &sections[sections[i].sh_link]);
    return OK; /* a program that was stripped has none */
}

err profile_symbols_open(struct profile_symbols **out)
{
    struct profile_symbols *symbols = calloc(1, sizeof *symbols);
    if (!symbols) return ERR_NOMEM;
    dl_iterate_phdr(first_object, &symbols->base);
    err e = map_program(symbols);
    if (e == OK) e = read_symbols(symbols);
    if (e != OK) {
        profile_symbols_free(symbols);
        return e;
    }
    *out = symbols;
    return OK;
}

void profile_symbols_free(struct profile_symbols *symbols)
{
    if (!symbols) return;
    if (symbols->file) munmap((void *)(uintptr_t)symbols->file, symbols->file_bytes);
    free(symbols->symbols);
    free(symbols);
}

const char *profile_symbol(const struct profile_symbols *symbols, uintptr_t address)
{
    Dl_info library;
    uintptr_t at = address - symbols->base;
    size_t low = 0, high = symbols->count;
    while (low < high) { /* the last one that begins at or before it */
        size_t middle = low + (high - low) / 2;
        if (symbols->symbols[middle].from <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0 && at - symbols->symbols[low - 1].from < symbols->symbols[low - 1].size)
        return symbols->symbols[low - 1].name;
    return dladdr((void *)address, &library) ? library.dli_sname : NULL;
}
