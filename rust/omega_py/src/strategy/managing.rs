//! Calls of a strategy's own position manager.

use pyo3::intern;
use pyo3::prelude::*;

use super::super::callbacks::Collect;
use super::super::engine::Engine;
use super::super::position_views::PositionView;
use super::PyStrategy;
use omega_core::types::SymbolId;

/// Positions of one symbol, and of all.
type Held<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

impl<'py, C: Collect<'py>> PyStrategy<'py, C> {
    /// Calls `manage_positions` with the open positions, this bar, its two sides, and all
    /// positions; an engine does so for each symbol that has a new bar and something open.
    pub(super) fn call_manager(
        &self,
        manage: &Bound<'py, PyAny>,
        actions: &mut Vec<C::Action>,
    ) -> PyResult<()> {
        let Some(engine) = &self.engine else {
            let open = self
                .snapshot
                .positions(self.py, &self.tracks)?
                .into_pyobject(self.py)?;
            let side = |name| match &self.late {
                Some(late) => Ok(late.clone()),
                None => self.view.getattr(name),
            };
            let (bid, ask) = (side("bid")?, side("ask")?);
            let returned = manage.call1((&open, self.bar(), bid, ask, &open))?;
            return self.collect(&returned, actions, Self::open_positions);
        };
        for symbol in 0..self.tracks.market.symbols().len() {
            #[expect(clippy::cast_possible_truncation, reason = "symbols are few")]
            let symbol = SymbolId(symbol as u32);
            let source = self.tracks.symbol(symbol);
            if !source.clock.is_fresh() || source.clock.visible() == 0 {
                continue;
            }
            let Some((open, all)) = self.held(engine, symbol)? else {
                continue;
            };
            let slice = engine.slices.get_item(source.candles.name())?;
            let bid = slice.call_method1("latest", (self.py.None(), "bid"))?;
            let ask = slice.call_method1("latest", (self.py.None(), "ask"))?;
            let call = || manage.call1((open, slice, bid, ask, all));
            let returned = match &engine.holders {
                Some(holders) => {
                    let time = source.candles.time(source.clock.visible() - 1);
                    holders.exits.watching(&[symbol], time, call)?
                }
                None => call()?,
            };
            self.collect(&returned, actions, Self::open_positions)?;
        }
        Ok(())
    }

    /// The open positions of a symbol, and all that are open; none where the symbol has none.
    fn held(&self, engine: &Engine<'py>, symbol: SymbolId) -> PyResult<Option<Held<'py>>> {
        if let Some(holders) = &engine.holders {
            let open = holders.exits.open(symbol)?;
            if !open.is_truthy()? {
                return Ok(None);
            }
            let all = holders
                .executor
                .getattr(intern!(self.py, "active_positions"))?;
            return Ok(Some((open, all)));
        }
        let all = self.snapshot.positions(self.py, &self.tracks)?;
        let own = |view: &&Py<PositionView>| view.get().is_of(symbol);
        let open: Vec<_> = all.iter().filter(own).collect();
        if open.is_empty() {
            return Ok(None);
        }
        let open = open.into_pyobject(self.py)?;
        Ok(Some((open, all.into_pyobject(self.py)?)))
    }
}
