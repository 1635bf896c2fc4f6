/* omega.h - strategies in C, and in any language that can call and be called by C.
 *
 * A strategy is a function that the engine calls at each decision with a frame: all that is
 * complete and all that is known. It requests orders through the frame and returns 0. Load it in
 * Python and give its address to omega.foreign().
 *
 *     int32_t on_bar(const omega_frame *frame, void *context);
 *
 * Rules:
 * - A frame, and all that it points to, is valid until the function returns, and is read only.
 * - One run has one context, and calls the function on one thread; runs of a sweep call it on
 *   several threads at once, each with a context of its own. Keep state in the context.
 * - A return value other than 0 ends the run with an error that has this number.
 * - Nothing checks what the function does. One that reads or writes beyond what it was given
 *   breaks the process, as any library of C does.
 *
 * Prices that are not there are NaN. Times are in the unit of the time column. OMEGA_VERSION grows
 * with every change of a struct; compare it with frame->version.
 */
#ifndef OMEGA_H
#define OMEGA_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OMEGA_VERSION 2

/* Bars of a track that lie in a row in memory. */
typedef struct omega_chunk {
    int64_t first;           /* index of its first bar in the track */
    int64_t bars;            /* how many it has; later ones than the track shows are not yours */
    const int64_t *time;     /* open times */
    const double *bid_open;
    const double *bid_high;
    const double *bid_low;
    const double *bid_close;
    const double *ask_open;  /* the four of the ask: null where they follow from the bid */
    const double *ask_high;
    const double *ask_low;
    const double *ask_close;
    const double *spread;    /* added to the bid where it is not null */
    const double *volume;    /* null where the data has none */
    double ask_offset;       /* added to the bid where the ask is not stored otherwise */
} omega_chunk;

/* A symbol on its own bars, or on a higher timeframe. Symbols come first, in the run's order. */
typedef struct omega_track {
    int64_t bars;               /* bars that are complete; the newest has the index bars - 1 */
    const omega_chunk *chunk;   /* the one that holds the newest; null before the first */
    const omega_chunk *chunks;  /* all of them, in the order of time */
    int64_t chunk_count;
    int64_t symbol;             /* its symbol's place among the tracks */
    int64_t fresh;              /* 1 where the newest became complete with this step */
    int64_t ready;              /* 0 while the symbol has not had the bars that are needed of it */
    const char *name;           /* of the symbol */
    const char *timeframe;      /* such as "H1"; null for the symbol's own bars */
} omega_track;

/* An indicator: a value for each bar of its track; those after the newest are not yours. */
typedef struct omega_column {
    const double *values;
    int64_t track;
} omega_column;

/* An open position. */
typedef struct omega_position {
    int64_t id;            /* number of the trade, which is that of its order */
    int64_t symbol;
    int64_t direction;     /* 1 long, -1 short */
    int64_t entry_index;
    int64_t entry_time;
    double lots;
    double entry_price;
    double stop_loss;      /* NaN where there is none */
    double take_profit;
    double contract_size;
    double entry_rate;     /* of a cash account the rate at which it was paid for; else NaN */
    double rate;           /* account currency for a unit of quote currency */
} omega_position;

/* An order that waits. */
typedef struct omega_order {
    int64_t id;
    int64_t symbol;
    int64_t direction;
    int64_t order_type;    /* OMEGA_MARKET to OMEGA_AT_CLOSE */
    double lots;
    double price;          /* of an order that a price arms that price */
    double stop_loss;      /* NaN where there is none, or where it counts from the entry */
    double take_profit;
} omega_order;

/* A fill, and the trade that it closed. */
typedef struct omega_event {
    int64_t order;
    int64_t trade;
    int64_t symbol;
    int64_t direction;     /* 1 bought, -1 sold */
    int64_t time;          /* open time of the bar */
    int64_t index;
    double price;
    double lots;
    double fee;
    int64_t closes;        /* 1 where it closed a position, or a part of one */
    int64_t entry_index;   /* of the trade; -1 and NaN where none was closed */
    double entry_price;
    double net_pnl;
    int64_t exit_reason;   /* OMEGA_STOP_LOSS to OMEGA_ROLL; -1 where none was closed */
    double slippage;       /* of the fill: distance from the price without it, at least 0 */
    double trade_lots;     /* of the trade, as all that follows: the closed part */
    int64_t trade_direction;  /* 1 long, -1 short; 0 where none was closed */
    int64_t entry_time;
    int64_t exit_index;
    int64_t exit_time;
    double exit_price;
    double gross_pnl;
    double fees;           /* of entry and exit, at least 0 */
    double swap;           /* negative when paid */
    double r_multiple;     /* NaN without a stop */
    int64_t bars_held;
} omega_event;

struct omega_action;

/* All that a strategy sees at a decision. */
typedef struct omega_frame {
    int64_t version;       /* OMEGA_VERSION of the engine */
    int64_t step;          /* the step at whose open orders work */
    int64_t time;          /* its time */
    double balance;
    double equity;
    const omega_track *tracks;
    int64_t track_count;
    int64_t symbol_count;  /* the first so many tracks are the symbols' own bars */
    const omega_column *columns;  /* the indicators, in the order in which they were declared */
    int64_t column_count;
    const omega_position *positions;  /* oldest first */
    int64_t position_count;
    const omega_order *orders;        /* that wait, oldest first */
    int64_t order_count;
    int64_t (*push)(void *core, const struct omega_action *action);
    void *core;            /* the first argument of push */
} omega_frame;

/* A strategy; and what is told of fills, before it decides. */
typedef int32_t (*omega_callback)(const omega_frame *frame, void *context);
typedef int32_t (*omega_event_callback)(const omega_frame *frame, const omega_event *event,
                                        void *context);

enum omega_kind { OMEGA_OPEN = 1, OMEGA_CLOSE = 2, OMEGA_CANCEL = 3, OMEGA_MODIFY = 4 };
enum omega_order_type {
    OMEGA_MARKET = 0,
    OMEGA_LIMIT = 1,
    OMEGA_STOP = 2,
    OMEGA_STOP_LIMIT = 3,
    OMEGA_LIMIT_IF_TOUCHED = 4,
    OMEGA_AT_CLOSE = 5
};
enum omega_expiry {
    OMEGA_NO_EXPIRY = 0,       /* until cancelled; of a change: as it was */
    OMEGA_UNTIL = 1,           /* until the time `expires` */
    OMEGA_DAY = 2,
    OMEGA_IOC = 3,
    OMEGA_FOK = 4,
    OMEGA_UNTIL_CANCELLED = 5
};
/* How a number is meant; 0 means that it is not given. */
enum omega_how {
    OMEGA_NOT_GIVEN = 0,
    OMEGA_GIVEN = 1,      /* a price, a size */
    OMEGA_DISTANCE = 2,   /* in price, from the entry or the market */
    OMEGA_PERCENT = 3,    /* of the price, from the entry or the market */
    OMEGA_REMOVED = 4     /* of a change: take the level away */
};
enum omega_exit_reason {
    OMEGA_STOP_LOSS = 0,
    OMEGA_TAKE_PROFIT = 1,
    OMEGA_TRAILING_STOP = 2,
    OMEGA_BREAK_EVEN = 3,
    OMEGA_SIGNAL = 4,
    OMEGA_TIME = 5,
    OMEGA_END_OF_DATA = 6,
    OMEGA_STOP_OUT = 7,
    OMEGA_RUIN = 8,
    OMEGA_STALE = 9,
    OMEGA_DELISTED = 10,
    OMEGA_SPLIT_CASH = 11,
    OMEGA_WINDOW = 12,
    OMEGA_ROLL = 13
};

/* A request. Fill it with zeros first: a number counts only where its `_is` is not 0. */
typedef struct omega_action {
    int32_t kind;
    int32_t symbol;        /* OPEN: place of the symbol; CLOSE: the same, or -1 for all */
    int32_t direction;     /* OPEN: 1 buys, -1 sells short */
    int32_t order_type;
    int32_t expiry;
    int32_t reduce_only;   /* 0 opens, 1 only closes, 2 those of its last tag, 3 its owner's */
    int32_t exit_reason;   /* CLOSE: 0 for the strategy's signal, 1 for time */
    int32_t size_is;
    int32_t price_is;      /* MODIFY */
    int32_t limit_price_is;  /* MODIFY */
    int32_t stop_loss_is;
    int32_t take_profit_is;
    int32_t trailing_stop_is;
    int32_t trail_is;
    int64_t id;            /* CLOSE: a trade, or -1; CANCEL and MODIFY: an order or trade */
    int64_t expires;
    double size;           /* lots */
    double price;          /* of a limit, stop or touch */
    double limit_price;    /* of a stop-limit or limit-if-touched order */
    double stop_loss;
    double take_profit;
    double trailing_stop;
    double trail;
    double fraction;       /* CLOSE: above 0, at most 1 */
    const char *reason;    /* texts are copied; null where there is none */
    const char *oco;
    const char *const *tags;
    int64_t tag_count;
} omega_action;

/* Requests an action; gives the number of its order, or -1 where a word in it is unknown, which
 * ends the run with an error once the function returns. */
static inline int64_t omega_push(const omega_frame *frame, const omega_action *action) {
    return frame->push(frame->core, action);
}

/* A market order, without exits; size 0 leaves it to the run's sizer. */
static inline omega_action omega_open(int32_t symbol, int32_t direction, double size) {
    omega_action action;
    memset(&action, 0, sizeof action);
    action.kind = OMEGA_OPEN;
    action.symbol = symbol;
    action.direction = direction;
    action.size = size;
    action.size_is = size != 0.0 ? OMEGA_GIVEN : OMEGA_NOT_GIVEN;
    return action;
}

/* Closes a trade; of id -1 everything. */
static inline omega_action omega_close(int64_t id) {
    omega_action action;
    memset(&action, 0, sizeof action);
    action.kind = OMEGA_CLOSE;
    action.symbol = -1;
    action.id = id;
    action.fraction = 1.0;
    return action;
}

/* Changes nothing yet: set what is to change. */
static inline omega_action omega_modify(int64_t id) {
    omega_action action;
    memset(&action, 0, sizeof action);
    action.kind = OMEGA_MODIFY;
    action.id = id;
    return action;
}

/* The chunk that holds the bar so many bars before the newest; null where there is none. */
static inline const omega_chunk *omega_chunk_of(const omega_track *track, int64_t ago) {
    int64_t index = track->bars - 1 - ago;
    const omega_chunk *chunk = track->chunk;
    if (ago < 0 || index < 0) return NULL;
    while (chunk->first > index) chunk--;
    return chunk;
}

/* Prices of the bar so many bars before the newest; NaN where there is none. */
static inline double omega_bid_close(const omega_track *track, int64_t ago) {
    const omega_chunk *chunk = omega_chunk_of(track, ago);
    return chunk ? chunk->bid_close[track->bars - 1 - ago - chunk->first] : NAN;
}

static inline double omega_ask_close(const omega_track *track, int64_t ago) {
    const omega_chunk *chunk = omega_chunk_of(track, ago);
    int64_t place;
    if (!chunk) return NAN;
    place = track->bars - 1 - ago - chunk->first;
    if (chunk->ask_close) return chunk->ask_close[place];
    return chunk->bid_close[place] + (chunk->spread ? chunk->spread[place] : chunk->ask_offset);
}

/* The value of an indicator so many bars before the newest; NaN where there is none. */
static inline double omega_value(const omega_frame *frame, int64_t column, int64_t ago) {
    const omega_column *one = &frame->columns[column];
    int64_t index = frame->tracks[one->track].bars - 1 - ago;
    return ago < 0 || index < 0 ? NAN : one->values[index];
}

/* Open profit of a position at the newest close, in account currency. */
static inline double omega_open_profit(const omega_frame *frame, const omega_position *position) {
    const omega_track *track = &frame->tracks[position->symbol];
    double sign = (double)position->direction;
    double price = sign > 0 ? omega_bid_close(track, 0) : omega_ask_close(track, 0);
    double entry = position->entry_price, rate = position->rate;
    if (!isnan(position->entry_rate)) {
        price *= rate;
        entry *= position->entry_rate;
        rate = 1.0;
    }
    return (price - entry) * sign * position->lots * position->contract_size * rate;
}

#ifdef __cplusplus
}
#endif

#endif
