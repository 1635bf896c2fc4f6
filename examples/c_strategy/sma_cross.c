/* Two moving averages in C: always in the market, on the side of the faster one.
 *
 *     cc -O2 -shared -fPIC -I "$(python -c 'import omega; print(omega.get_include())')" \
 *         sma_cross.c -o sma_cross.so
 *
 * run.py beside this file runs it. Its twin in Python is examples/sma_cross.py.
 */
#include <omega.h>

/* What it keeps between two calls; Python makes it and reads it after the run. */
typedef struct state {
    int64_t crossings;
    double size;
} state;

int32_t on_bar(const omega_frame *frame, void *context) {
    state *own = context;
    double fast = omega_value(frame, 0, 0), slow = omega_value(frame, 1, 0);
    double fast_before = omega_value(frame, 0, 1), slow_before = omega_value(frame, 1, 1);
    int up = fast_before <= slow_before && fast > slow;
    int down = fast_before >= slow_before && fast < slow;
    omega_action action;
    if (frame->version != OMEGA_VERSION) return 1;
    if (!up && !down) return 0;
    own->crossings++;
    if (frame->position_count > 0) {
        action = omega_close(-1);
        omega_push(frame, &action);
    }
    action = omega_open(0, up ? 1 : -1, own->size);
    omega_push(frame, &action);
    return 0;
}
