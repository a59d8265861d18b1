/* The budgets' tables (for budget.c and budget_file.c). */
#ifndef KEDUN_KEEPER_BUDGET_TABLE_H
#define KEDUN_KEEPER_BUDGET_TABLE_H

#include "keeper/budget.h"
#include "keeper/people.h"

#include <pthread.h>

#define BUDGET_KINDS   4 /* class * 2 + view */
#define BUDGET_BUCKETS 1024

struct budget_holder {
    struct budget_holder *next;
    uint32_t user; /* 0: the company */
    pthread_mutex_t lock;
    struct people people[BUDGET_KINDS];
    struct windows counters[BUDGET_COUNTERS];
};

struct budgets {
    pthread_mutex_t lock; /* of the buckets; holders are never freed while the keeper runs */
    uint32_t now;         /* the latest second seen: time does not run backwards here */
    struct budget_holder *buckets[BUDGET_BUCKETS];
    struct budget_holder company;
};

/* The holder of a user, made at need; NULL when memory is out. */
struct budget_holder *budget_holder(struct budgets *b, uint32_t user);

#endif
