/* The same logic with nothing around it: the floor that every engine is measured against.
 *
 * Rolling sums, a comparison of the averages, fills at the next open, a list of trades and the equity
 * at each close. No orders, no checks of the input, no accounts.
 */
#include <stddef.h>

struct trade {
    size_t entry, exit;
    double entry_price, exit_price, profit;
};

size_t sma_cross(const double *open, const double *close, size_t bars, size_t fast, size_t slow,
                 double cash, struct trade *trades, double *equity)
{
    double short_sum = 0.0, long_sum = 0.0, entry_price = 0.0, position = 0.0;
    size_t closed = 0, entry = 0;
    int above = 0, turn = 0; /* turn: 1 to long, -1 to short, at the next open */

    for (size_t i = 0; i < bars; i++) {
        if (turn) {
            if (position != 0.0) {
                double profit = position * (open[i] - entry_price);
                cash += profit;
                trades[closed++] = (struct trade){entry, i, entry_price, open[i], profit};
            }
            entry = i;
            entry_price = open[i];
            position = turn;
            turn = 0;
        }
        short_sum += close[i];
        long_sum += close[i];
        if (i >= fast)
            short_sum -= close[i - fast];
        if (i >= slow)
            long_sum -= close[i - slow];
        if (i + 1 >= slow) {
            int now = short_sum / (double)fast > long_sum / (double)slow;
            if (i >= slow && now != above)
                turn = now ? 1 : -1;
            above = now;
        }
        equity[i] = cash + position * (close[i] - entry_price);
    }
    return closed;
}
