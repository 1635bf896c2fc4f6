//! What a function of another language reads and writes: the structs of `omega.h`, field by field.
//!
//! Numbers are 64 bits wide but for the words of an action; what is not there is NaN or null.

use std::ffi::{c_char, c_void};

/// Grows with every change of a struct; `OMEGA_VERSION` of the header.
pub(crate) const VERSION: i64 = 2;

/// Adds an action; gives the number of its order, or -1 where it is refused.
pub(crate) type Push = extern "C" fn(*mut c_void, *const ActionRow) -> i64;

/// A struct of the header: its name and size, and the offset of each field.
pub(crate) type Struct = (&'static str, usize, Vec<(&'static str, usize)>);

/// A struct of the header, with the offset of each field for those who read it without one.
macro_rules! structs {
    ($($(#[$about:meta])* $name:ident as $shown:literal { $($field:ident: $kind:ty,)* })*) => {
        $(
            $(#[$about])*
            #[repr(C)]
            #[derive(Debug, Clone, Copy)]
            pub(crate) struct $name { $(pub(crate) $field: $kind,)* }
        )*

        /// By struct its size, and the offset of each of its fields.
        pub(crate) fn layout() -> Vec<Struct> {
            vec![$((
                $shown,
                size_of::<$name>(),
                vec![$((stringify!($field), std::mem::offset_of!($name, $field)),)*],
            ),)*]
        }
    };
}

structs! {
    /// Bars of a track that lie in a row in memory.
    Chunk as "omega_chunk" {
        first: i64,
        bars: i64,
        time: *const i64,
        bid_open: *const f64,
        bid_high: *const f64,
        bid_low: *const f64,
        bid_close: *const f64,
        ask_open: *const f64,
        ask_high: *const f64,
        ask_low: *const f64,
        ask_close: *const f64,
        spread: *const f64,
        volume: *const f64,
        ask_offset: f64,
    }
    /// A symbol on its own bars or on a higher timeframe, as far as it is complete.
    Track as "omega_track" {
        bars: i64,
        chunk: *const Chunk,
        chunks: *const Chunk,
        chunk_count: i64,
        symbol: i64,
        fresh: i64,
        ready: i64,
        name: *const c_char,
        timeframe: *const c_char,
    }
    /// An indicator: one value for each bar of its track.
    Column as "omega_column" {
        values: *const f64,
        track: i64,
    }
    /// An open position.
    PositionRow as "omega_position" {
        id: i64,
        symbol: i64,
        direction: i64,
        entry_index: i64,
        entry_time: i64,
        lots: f64,
        entry_price: f64,
        stop_loss: f64,
        take_profit: f64,
        contract_size: f64,
        entry_rate: f64,
        rate: f64,
    }
    /// An order that waits.
    OrderRow as "omega_order" {
        id: i64,
        symbol: i64,
        direction: i64,
        order_type: i64,
        lots: f64,
        price: f64,
        stop_loss: f64,
        take_profit: f64,
    }
    /// What happened since the last call: a fill, and the trade that it closed.
    Event as "omega_event" {
        order: i64,
        trade: i64,
        symbol: i64,
        direction: i64,
        time: i64,
        index: i64,
        price: f64,
        lots: f64,
        fee: f64,
        closes: i64,
        entry_index: i64,
        entry_price: f64,
        net_pnl: f64,
        exit_reason: i64,
        slippage: f64,
        trade_lots: f64,
        trade_direction: i64,
        entry_time: i64,
        exit_index: i64,
        exit_time: i64,
        exit_price: f64,
        gross_pnl: f64,
        fees: f64,
        swap: f64,
        r_multiple: f64,
        bars_held: i64,
    }
    /// All that a strategy sees at a decision.
    Frame as "omega_frame" {
        version: i64,
        step: i64,
        time: i64,
        balance: f64,
        equity: f64,
        tracks: *mut Track,
        track_count: i64,
        symbol_count: i64,
        columns: *const Column,
        column_count: i64,
        positions: *const PositionRow,
        position_count: i64,
        orders: *const OrderRow,
        order_count: i64,
        push: Push,
        core: *mut c_void,
    }
    /// A request of a strategy.
    ActionRow as "omega_action" {
        kind: i32,
        symbol: i32,
        direction: i32,
        order_type: i32,
        expiry: i32,
        reduce_only: i32,
        exit_reason: i32,
        size_is: i32,
        price_is: i32,
        limit_price_is: i32,
        stop_loss_is: i32,
        take_profit_is: i32,
        trailing_stop_is: i32,
        trail_is: i32,
        id: i64,
        expires: i64,
        size: f64,
        price: f64,
        limit_price: f64,
        stop_loss: f64,
        take_profit: f64,
        trailing_stop: f64,
        trail: f64,
        fraction: f64,
        reason: *const c_char,
        oco: *const c_char,
        tags: *const *const c_char,
        tag_count: i64,
    }
}
