//! The frame that functions of other languages read: pointers into the columns, and the account.
//!
//! Columns stay where they are. Before each call the counts of complete bars move, lists are made
//! again where something changed, and nothing else is touched.

use std::ffi::CString;
use std::ptr;

use omega_core::columns::{AskColumns, Segment};
use omega_core::execution::{Fill, Order, OrderStatus, OrderType, Position};
use omega_core::portfolio::Trade;
use omega_core::replay::{NextStep, Outlook, Rates, State, View};
use omega_core::store::{Market, TrackId};

use super::abi::{Chunk, Column, Event, Frame, OrderRow, PositionRow, Track, VERSION};
use super::{Values, inbox::Inbox};
use crate::memory::calls::{Steps, push};

/// A frame, and all that it points to.
pub(super) struct Shown {
    pub(super) frame: Frame,
    tracks: Vec<Track>,
    /// By track one past the last bar of the chunk that holds its newest one.
    ends: Vec<usize>,
    chunks: Vec<Vec<Chunk>>,
    positions: Vec<PositionRow>,
    orders: Vec<OrderRow>,
    rates: Vec<Rates>,
    /// Whether any rate changes with time.
    rates_move: bool,
    changes: Option<u64>,
    step: usize,
    waiting: usize,
    /// Bars of the market, where each step is a bar of its only track.
    bars: Option<usize>,
    _columns: Vec<Column>,
    _names: Vec<CString>,
}

impl Shown {
    /// Over a market and the columns of indicators, which outlive it.
    pub(super) fn new(market: &Market, columns: &[Values], rates: Vec<Rates>) -> Self {
        let ids = (0..market.tracks()).map(TrackId);
        let chunks: Vec<Vec<Chunk>> = ids.clone().map(|id| chunks_of(market, id)).collect();
        let names: Vec<CString> = ids.clone().map(|id| name_of(market, id)).collect();
        let timeframes = market.timeframes().iter();
        let timeframes: Vec<CString> = timeframes.map(|one| c_text(&one.name)).collect();
        let symbols = market.symbols().len();
        let mut tracks: Vec<Track> = ids
            .zip(&chunks)
            .zip(&names)
            .map(|((id, chunks), name)| Track {
                bars: 0,
                chunk: ptr::null(),
                chunks: chunks.as_ptr(),
                chunk_count: signed(chunks.len()),
                symbol: signed(market.symbol_of(id).index()),
                fresh: 0,
                ready: 0,
                name: name.as_ptr(),
                timeframe: match id.0.checked_sub(symbols) {
                    Some(place) => timeframes[place].as_ptr(),
                    None => ptr::null(),
                },
            })
            .collect();
        let columns: Vec<Column> = columns
            .iter()
            .map(|Values(track, values)| Column {
                values: values.as_ptr(),
                track: signed(track.0),
            })
            .collect();
        let frame = Frame {
            version: VERSION,
            step: 0,
            time: 0,
            balance: 0.0,
            equity: 0.0,
            tracks: tracks.as_mut_ptr(),
            track_count: signed(tracks.len()),
            symbol_count: signed(symbols),
            columns: columns.as_ptr(),
            column_count: signed(columns.len()),
            positions: ptr::null(),
            position_count: 0,
            orders: ptr::null(),
            order_count: 0,
            push,
            core: ptr::null_mut(),
        };
        Self {
            frame,
            ends: vec![0; tracks.len()],
            tracks,
            chunks,
            positions: Vec::new(),
            orders: Vec::new(),
            rates_move: rates.iter().any(|one| one.constant().is_none()),
            rates,
            changes: None,
            step: usize::MAX,
            waiting: usize::MAX,
            bars: bars_alone(market),
            _columns: columns,
            _names: names.into_iter().chain(timeframes).collect(),
        }
    }

    /// Moves to what is complete, and to the account as it stands.
    #[inline]
    pub(super) fn show(&mut self, view: &View<'_>, state: &State<'_>, inbox: &mut Inbox) {
        self.frame.step = signed(view.step());
        self.frame.time = view.time();
        self.frame.balance = state.balance;
        self.frame.equity = state.equity;
        if self.waiting != view.waiting().len() {
            self.show_readiness(view);
        }
        if self.tracks.len() == 1 {
            self.show_track(view, TrackId(0));
        } else if self.step.wrapping_add(1) == view.step() && self.step != usize::MAX {
            // What moved is listed since the step before: complete only one step on.
            for track in view.moved() {
                self.show_track(view, *track);
            }
        } else {
            for track in 0..self.tracks.len() {
                self.show_track(view, TrackId(track));
            }
        }
        self.step = view.step();
        if self.changes != Some(state.changes) {
            self.show_lists(state);
            inbox.note_open(state.positions);
        }
        if self.rates_move && !self.positions.is_empty() {
            self.show_rates(view);
        }
    }

    /// Whether there is one symbol on its own bars alone.
    #[inline]
    pub(super) fn has_one_track(&self) -> bool {
        self.tracks.len() == 1
    }

    /// So many of the steps after this one as compiled code can decide at by itself: none where a
    /// symbol still waits, or where the next bar is in another chunk.
    #[inline]
    pub(super) fn steps(&mut self, outlook: &Outlook<'_>) -> Steps {
        // Compiled code writes to them.
        self.frame.tracks = self.tracks.as_mut_ptr();
        let (times, (balance, profits)) = (outlook.times(), outlook.account());
        let is_near = self.waiting == 0 && self.step < self.ends[0];
        Steps {
            count: if is_near { signed(times.len()) } else { 0 },
            taken: 0,
            times: times.as_ptr(),
            profits: if profits.is_empty() {
                ptr::null()
            } else {
                profits.as_ptr()
            },
            balance,
        }
    }

    /// Moves the bars to a step that the loop has not reached; gives those after it, at most so
    /// many, that are in the same chunk. None where a symbol may wait, and after the last bar.
    pub(super) fn show_ahead(&mut self, step: usize, most: usize) -> Option<Steps> {
        let bars = self.bars.filter(|_| self.waiting == 0)?;
        if step == 0 || step > bars {
            return None;
        }
        if step > self.ends[0] {
            self.find_chunk(step - 1, TrackId(0));
        }
        // Compiled code writes to them.
        self.frame.tracks = self.tracks.as_mut_ptr();
        let shown = &mut self.tracks[0];
        (shown.bars, shown.fresh) = (signed(step), 1);
        Some(Steps {
            count: signed((self.ends[0] - step).min(most)),
            ..Steps::NONE
        })
    }

    /// Notes that compiled code moved on by so many steps.
    #[inline]
    pub(super) fn note_steps(&mut self, taken: usize) {
        self.step += taken;
    }

    /// Moves on by one bar of the only track, with nothing but equity changed.
    #[inline]
    pub(super) fn show_next(&mut self, next: NextStep) {
        self.step += 1;
        self.frame.step += 1;
        self.frame.time = next.time;
        self.frame.equity = next.equity;
        let bars = self.step;
        let shown = &mut self.tracks[0];
        shown.bars += 1;
        shown.fresh = 1;
        if bars > self.ends[0] {
            self.find_chunk(bars - 1, TrackId(0));
        }
    }

    #[inline]
    fn show_track(&mut self, view: &View<'_>, track: TrackId) {
        let bars = view.visible()[track.0];
        let shown = &mut self.tracks[track.0];
        shown.bars = signed(bars);
        shown.fresh = i64::from(view.is_fresh(track));
        if bars > self.ends[track.0] {
            self.find_chunk(bars - 1, track);
        }
    }

    /// The chunk that holds a bar, which is not before that of the last one.
    #[inline(never)]
    fn find_chunk(&mut self, index: usize, track: TrackId) {
        let chunks = &self.chunks[track.0];
        let holds = |chunk: &Chunk| signed(index) < chunk.first + chunk.bars;
        let place = chunks.partition_point(|chunk| !holds(chunk));
        let chunk = &chunks[place];
        self.tracks[track.0].chunk = ptr::from_ref(chunk);
        self.ends[track.0] = usize::try_from(chunk.first + chunk.bars).unwrap_or(usize::MAX);
    }

    #[inline(never)]
    fn show_readiness(&mut self, view: &View<'_>) {
        self.waiting = view.waiting().len();
        for track in &mut self.tracks {
            let is_waiting = view.waiting().iter();
            let is_waiting = is_waiting.map(|symbol| signed(symbol.index()));
            track.ready = i64::from(!is_waiting.into_iter().any(|symbol| symbol == track.symbol));
        }
    }

    #[inline(never)]
    fn show_lists(&mut self, state: &State<'_>) {
        self.changes = Some(state.changes);
        self.positions.clear();
        let rates = &self.rates;
        self.positions
            .extend(state.positions.iter().map(|one| position_row(one, rates)));
        let waits = |order: &Order| order.status == OrderStatus::Working;
        self.orders.clear();
        let waiting = state.orders.iter().filter(|order| waits(order));
        self.orders.extend(waiting.map(order_row));
        // Both may lie elsewhere after they grew.
        self.frame.positions = self.positions.as_ptr();
        self.frame.position_count = signed(self.positions.len());
        self.frame.orders = self.orders.as_ptr();
        self.frame.order_count = signed(self.orders.len());
    }

    /// What quote currencies are worth at each position's newest bar.
    #[inline(never)]
    fn show_rates(&mut self, view: &View<'_>) {
        for row in &mut self.positions {
            let Ok(symbol) = usize::try_from(row.symbol) else {
                continue;
            };
            if let Some(bar) = view.bar_of(TrackId(symbol), 0) {
                row.rate = self.rates[symbol].at(bar.time);
            }
        }
    }
}

pub(super) fn signed(number: usize) -> i64 {
    // Nothing in memory has more.
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn c_text(text: &str) -> CString {
    // A name cannot hold what ends a text of C.
    CString::new(text.replace('\0', "")).unwrap_or_default()
}

fn name_of(market: &Market, track: TrackId) -> CString {
    c_text(market.symbol(market.symbol_of(track)).name())
}

/// How many bars there are, where each step is one of them.
fn bars_alone(market: &Market) -> Option<usize> {
    let bars = market.track(TrackId(0)).len();
    (market.tracks() == 1 && market.steps() == bars).then_some(bars)
}

fn chunks_of(market: &Market, track: TrackId) -> Vec<Chunk> {
    let candles = market.track(track);
    let segments = candles.segments().iter().enumerate();
    segments
        .map(|(place, segment)| chunk(segment, candles.segment_start(place)))
        .collect()
}

fn chunk(segment: &Segment, first: usize) -> Chunk {
    let [bid_open, bid_high, bid_low, bid_close] = segment.bid.each_ref().map(|one| one.as_ptr());
    let nothing = [ptr::null(); 4];
    let (ask, spread, ask_offset) = match &segment.ask {
        AskColumns::Quoted(columns) => {
            (columns.each_ref().map(|one| one.as_ptr()), ptr::null(), 0.0)
        }
        AskColumns::Constant(offset) => (nothing, ptr::null(), *offset),
        AskColumns::Spread(spread) => (nothing, spread.as_ptr(), 0.0),
    };
    let [ask_open, ask_high, ask_low, ask_close] = ask;
    let volume = segment.volume.as_ref();
    Chunk {
        first: signed(first),
        bars: signed(segment.len()),
        time: segment.time.as_ptr(),
        bid_open,
        bid_high,
        bid_low,
        bid_close,
        ask_open,
        ask_high,
        ask_low,
        ask_close,
        spread,
        volume: volume.map_or(ptr::null(), |one| one.as_ptr()),
        ask_offset,
    }
}

fn position_row(position: &Position, rates: &[Rates]) -> PositionRow {
    let rate = rates.get(position.symbol.index());
    PositionRow {
        id: position.id.0.into(),
        symbol: signed(position.symbol.index()),
        direction: sign(position.direction.sign()),
        entry_index: signed(position.entry_index),
        entry_time: position.entry_time,
        lots: position.lots,
        entry_price: position.entry_price,
        stop_loss: position.stop_loss.unwrap_or(f64::NAN),
        take_profit: position.take_profit.unwrap_or(f64::NAN),
        contract_size: position.contract_size,
        entry_rate: position.entry_rate.unwrap_or(f64::NAN),
        rate: rate.and_then(Rates::constant).unwrap_or(f64::NAN),
    }
}

fn order_row(order: &Order) -> OrderRow {
    let price = |level: Option<omega_core::execution::Level>| {
        level
            .and_then(omega_core::execution::Level::price)
            .unwrap_or(f64::NAN)
    };
    OrderRow {
        id: order.id.0.into(),
        symbol: signed(order.symbol.index()),
        direction: sign(order.direction.sign()),
        order_type: match order.kind {
            OrderType::Market => 0,
            OrderType::Limit(_) => 1,
            OrderType::Stop(_) => 2,
            OrderType::StopLimit { .. } => 3,
            OrderType::LimitIfTouched { .. } => 4,
            OrderType::AtClose => 5,
            OrderType::Modify | OrderType::Cancel => -1,
        },
        lots: order.lots,
        price: order.kind.price().unwrap_or(f64::NAN),
        stop_loss: price(order.stop_loss),
        take_profit: price(order.take_profit),
    }
}

pub(super) fn event_row(fill: &Fill, trade: Option<&Trade>) -> Event {
    let number = |read: fn(&Trade) -> f64| trade.map_or(f64::NAN, read);
    let whole = |read: fn(&Trade) -> i64| trade.map_or(-1, read);
    Event {
        order: fill.order.0.into(),
        trade: fill.trade.0.into(),
        symbol: signed(fill.symbol.index()),
        direction: sign(fill.direction.sign()),
        time: fill.time,
        index: signed(fill.index),
        price: fill.price,
        lots: fill.lots,
        fee: fill.fee,
        closes: i64::from(fill.closes),
        entry_index: whole(|one| signed(one.entry_index)),
        entry_price: number(|one| one.entry_price),
        net_pnl: number(|one| one.net_pnl),
        exit_reason: whole(|one| one.exit_reason as i64),
        slippage: fill.slippage,
        trade_lots: number(|one| one.lots),
        trade_direction: trade.map_or(0, |one| sign(one.direction.sign())),
        entry_time: whole(|one| one.entry_time),
        exit_index: whole(|one| signed(one.exit_index)),
        exit_time: whole(|one| one.exit_time),
        exit_price: number(|one| one.exit_price),
        gross_pnl: number(|one| one.gross_pnl),
        fees: number(|one| one.fees),
        swap: number(|one| one.swap),
        r_multiple: number(|one| one.r_multiple.unwrap_or(f64::NAN)),
        bars_held: whole(|one| signed(one.bars_held)),
    }
}

fn sign(direction: f64) -> i64 {
    if direction > 0.0 { 1 } else { -1 }
}
