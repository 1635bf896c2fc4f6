//! A strategy that places random orders of every kind, and looks at all that it is shown.

use arbtest::arbitrary::Unstructured;
use omega_core::error::OmegaError;
use omega_core::execution::{
    Action, CloseTarget, Distance, ExitReason, Expiry, Level, LevelChange, ModifyRequest,
    OpenRequest, OrderStatus, OrderType, ReduceOnly, Sizer,
};
use omega_core::replay::{State, Strategy, View};
use omega_core::types::{Bar, Direction, OrderId, SymbolId, TradeId};

use super::choices::Choices;
use super::market::Market;
use super::rules::Rules;
use super::watch::Watch;

/// Orders that may wait at the same time, and positions that may be open.
const MOST: usize = 12;

/// Values that no order should have.
const WILD: [f64; 7] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.0,
    -1.0,
    1e-300,
    f64::MAX,
];

/// Random orders, and the eyes that see what the engine shows.
pub struct Trader<'a> {
    choices: Unstructured<'a>,
    market: &'a Market,
    manages: bool,
    watch: Watch<'a>,
    waiting: Vec<OrderId>,
    groups: u32,
}

impl<'a> Trader<'a> {
    /// A trader over a market, under rules; the bytes make its choices.
    pub fn new(bytes: &'a [u8], market: &'a Market, rules: &'a Rules) -> Self {
        Self {
            choices: Unstructured::new(bytes),
            market,
            manages: rules.manages,
            watch: Watch::new(market, rules),
            waiting: Vec::new(),
            groups: 0,
        }
    }

    /// Equity as it was shown, bar by bar.
    pub fn shown_equity(&self) -> &[f64] {
        self.watch.shown_equity()
    }

    fn act(&mut self, bar: &Bar, state: &State<'_>, actions: &mut Vec<Action>) {
        let next = state.next_order as usize + actions.len();
        match self.choices.below(16) {
            0..7 => {
                let request = self.open(bar);
                if request.kind != OrderType::Market {
                    self.waiting.push(order_id(next));
                }
                actions.push(Action::Open(request));
            }
            7..9 => self.group(bar, next, actions),
            9..11 => {
                let target = self.close_target(state);
                actions.push(self.close(target));
            }
            11..13 => {
                let order = match self.waiting.len() {
                    0 => OrderId(7),
                    count => self.waiting[self.choices.index(count)],
                };
                actions.push(Action::Cancel(order));
            }
            _ => {
                let modify = self.modify(bar, state);
                actions.push(modify);
            }
        }
    }

    fn open(&mut self, bar: &Bar) -> OpenRequest {
        let choices = &mut self.choices;
        let direction = choices.pick(&[Direction::Long, Direction::Short]);
        let size = match choices.below(64) {
            0 => Some(Sizer::FixedLots(choices.pick(&WILD[..5]))),
            1..16 => None,
            _ => Some(Sizer::FixedLots(choices.pick(&[1.0, 0.1, 0.37, 0.3, 0.05]))),
        };
        let kind = self.kind(bar);
        let reference = match kind {
            OrderType::Limit(price) | OrderType::Stop(price) => price,
            OrderType::StopLimit { limit, .. } | OrderType::LimitIfTouched { limit, .. } => limit,
            _ => bar.side(direction.entry_side()).close,
        };
        let (stop_loss, take_profit) = self.levels(reference, direction);
        let choices = &mut self.choices;
        OpenRequest {
            symbol: SymbolId(0),
            direction,
            kind,
            size,
            stop_loss,
            take_profit,
            trail: (kind == OrderType::AtClose && choices.once_in(3))
                .then(|| Distance::Price(self.market.price(choices.between(0, 9)))),
            expiry: match choices.below(5) {
                4 => choices.pick(&[Expiry::ImmediateOrCancel, Expiry::FillOrKill]),
                0 => Expiry::Day,
                1 => Expiry::GoodTillTime(bar.time + self.market.step * choices.between(0, 12)),
                _ => Expiry::GoodTillCancelled,
            },
            group: None,
            trailing_stop: choices
                .once_in(6)
                .then(|| Distance::Price(self.market.price(choices.between(0, 20)))),
            reduce_only: match choices.below(12) {
                0 => ReduceOnly::Any,
                1 => ReduceOnly::Tagged,
                2 => ReduceOnly::Owned,
                _ => ReduceOnly::No,
            },
            reason: None,
            tags: choices
                .pick(&[vec![], vec!["tag"], vec!["tag", "own"], vec!["own", "tag"]])
                .into_iter()
                .map(str::to_owned)
                .collect(),
        }
    }

    fn kind(&mut self, bar: &Bar) -> OrderType {
        match self.choices.below(6) {
            0 => OrderType::Market,
            4 => OrderType::AtClose,
            5 => OrderType::LimitIfTouched {
                touch: self.near(bar),
                limit: self.near(bar),
            },
            1 => OrderType::Limit(self.near(bar)),
            2 => OrderType::Stop(self.near(bar)),
            _ => OrderType::StopLimit {
                stop: self.near(bar),
                limit: self.near(bar),
            },
        }
    }

    /// A price that the bar had, or some ticks from it; once in a long while nonsense.
    fn near(&mut self, bar: &Bar) -> f64 {
        let side = self.choices.pick(&[bar.bid, bar.ask]);
        let price = self
            .choices
            .pick(&[side.open, side.high, side.low, side.close]);
        match self.choices.below(128) {
            0 => self.choices.pick(&WILD),
            1..40 => price,
            _ => price + self.market.price(self.choices.between(-15, 15)),
        }
    }

    /// Protective levels, mostly on their own sides.
    fn levels(&mut self, price: f64, direction: Direction) -> (Option<Level>, Option<Level>) {
        let mut level = |sign: f64| match self.choices.below(32) {
            0 => Some(Level::At(self.choices.pick(&WILD))),
            1..17 => Some(Level::At(
                price + sign * direction.sign() * self.market.price(self.choices.between(-1, 15)),
            )),
            17..20 => Some(Level::Away(self.choices.pick(&[
                Distance::Price(self.market.price(4)),
                Distance::Percent(0.3),
                Distance::Percent(0.0),
            ]))),
            _ => None,
        };
        (level(-1.0), level(1.0))
    }

    /// Two or three waiting orders of which one fill cancels the rest.
    fn group(&mut self, bar: &Bar, next: usize, actions: &mut Vec<Action>) {
        self.groups += 1;
        for place in 0..2 + self.choices.index(2) {
            let mut request = self.open(bar);
            if request.kind == OrderType::Market {
                request.kind = OrderType::Limit(self.near(bar));
            }
            request.group = Some(format!("group {}", self.groups));
            self.waiting.push(order_id(next + place));
            actions.push(Action::Open(request));
        }
    }

    fn close_target(&mut self, state: &State<'_>) -> CloseTarget {
        match (self.choices.below(8), state.positions.len()) {
            (0, _) => CloseTarget::Symbol(SymbolId(0)),
            (1, 0) | (2, _) => CloseTarget::Trade(self.waiting_number()),
            (1, _) | (_, 0) => CloseTarget::Trade(TradeId(3)),
            (_, count) => CloseTarget::Trade(state.positions[self.choices.index(count)].id),
        }
    }

    fn close(&mut self, target: CloseTarget) -> Action {
        Action::Close {
            target,
            fraction: self.choices.pick(&[
                1.0,
                0.5,
                0.3,
                1.0 / 3.0,
                0.999_999_999_999_9,
                1e-9,
                0.0,
                1.5,
                f64::NAN,
            ]),
            reason: self.choices.pick(&[ExitReason::Signal, ExitReason::Time]),
        }
    }

    /// Of an order that waited once, and may still.
    fn waiting_number(&mut self) -> TradeId {
        match self.waiting.len() {
            0 => TradeId(7),
            count => TradeId(self.waiting[self.choices.index(count)].0),
        }
    }

    fn modify(&mut self, bar: &Bar, state: &State<'_>) -> Action {
        let count = state.positions.len();
        let is_of_order = self.choices.once_in(3);
        let (trade, direction) = if is_of_order || count == 0 {
            let direction = self.choices.pick(&[Direction::Long, Direction::Short]);
            (self.waiting_number(), direction)
        } else {
            let position = &state.positions[self.choices.index(count)];
            (position.id, position.direction)
        };
        let (stop, target) = self.levels(bar.side(direction.exit_side()).close, direction);
        let mut change = |level| {
            if self.choices.once_in(3) {
                LevelChange::Keep
            } else {
                LevelChange::Set(level)
            }
        };
        let mut request = ModifyRequest::exits(trade, change(stop), change(target));
        if is_of_order {
            request.price = self.choices.once_in(2).then(|| self.near(bar));
            request.limit_price = self.choices.once_in(4).then(|| self.near(bar));
            request.lots = self
                .choices
                .once_in(4)
                .then(|| self.choices.pick(&[1.0, 0.1, 0.0]));
            request.expiry = match self.choices.below(6) {
                0 => Some(Expiry::Day),
                1 => Some(Expiry::GoodTillTime(bar.time + self.market.step * 3)),
                _ => None,
            };
        }
        Action::Modify(request)
    }

    /// Keeps the book small, so that a long run stays a quick one.
    fn tidy(&mut self, state: &State<'_>, actions: &mut Vec<Action>) {
        self.waiting.retain(|id| {
            let row = state.orders.binary_search_by_key(id, |order| order.id);
            row.is_ok_and(|row| state.orders[row].status == OrderStatus::Working)
        });
        if self.waiting.len() > MOST {
            actions.extend(self.waiting.drain(..).map(Action::Cancel));
        }
        if state.positions.len() > MOST {
            actions.push(Action::Close {
                target: CloseTarget::Symbol(SymbolId(0)),
                fraction: 1.0,
                reason: ExitReason::Signal,
            });
        }
    }
}

fn order_id(number: usize) -> OrderId {
    OrderId(u32::try_from(number).unwrap_or(u32::MAX))
}

impl Strategy for Trader<'_> {
    type Error = OmegaError;

    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        self.watch.look(view, state);
        if !self.choices.once_in(5) {
            return Ok(());
        }
        self.tidy(state, actions);
        let bar = self.market.bars[view.newest()];
        for _ in 0..=self.choices.index(2) {
            self.act(&bar, state, actions);
        }
        Ok(())
    }

    fn manages(&self) -> bool {
        self.manages
    }

    fn manage(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        if self.choices.once_in(6) {
            let bar = self.market.bars[view.newest()];
            let target = self.close_target(state);
            let (close, modify) = (self.close(target), self.modify(&bar, state));
            actions.push(self.choices.pick(&[close, modify]));
        }
        Ok(())
    }
}
