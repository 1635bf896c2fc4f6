//! Positions by their symbol: of many symbols, each bar looks at its own alone.

use super::Position;
use super::places::Places;
use super::positions::Positions;
use crate::types::{Direction, SymbolId};

impl Positions {
    /// Those of a symbol, in the order of entry.
    #[inline]
    pub(super) fn of_symbol(&self, symbol: SymbolId) -> impl Iterator<Item = &Position> {
        let (places, others): (&[u32], &[Position]) = if self.is_indexed {
            (&self.places[symbol.index()], &[])
        } else {
            (&[], &self.open)
        };
        let indexed = places.iter().map(|&place| &self.open[place as usize]);
        indexed.chain(others.iter().filter(move |p| p.symbol == symbol))
    }

    /// The place of the first position of a symbol that meets a condition.
    #[inline]
    pub(super) fn find_of(
        &self,
        symbol: SymbolId,
        is_wanted: impl Fn(&Position) -> bool,
    ) -> Option<usize> {
        let is_wanted = |p: &Position| p.symbol == symbol && p.lots > 0.0 && is_wanted(p);
        if self.is_indexed {
            let places = self.places[symbol.index()].iter();
            let mut places = places.map(|&place| place as usize);
            places.find(|&place| is_wanted(&self.open[place]))
        } else {
            self.open.iter().position(is_wanted)
        }
    }

    /// The place of the newest position of a symbol in a direction.
    pub(super) fn newest_of(&self, symbol: SymbolId, direction: Direction) -> Option<usize> {
        let is_own = |p: &Position| p.symbol == symbol && p.lots > 0.0 && p.direction == direction;
        if self.is_indexed {
            let places = self.places[symbol.index()].iter().rev();
            let mut places = places.map(|&place| place as usize);
            places.find(|&place| is_own(&self.open[place]))
        } else {
            self.open.iter().rposition(is_own)
        }
    }

    /// Reads positions of some symbols, so that they are in a cache for what closes them next: none
    /// of the reads waits for another one.
    pub(super) fn fetch(&self, symbols: impl Iterator<Item = SymbolId>) {
        if !self.is_indexed {
            return;
        }
        let mut seen = 0;
        for symbol in symbols {
            // Mostly the oldest is the one that is closed.
            let Some(&oldest) = self.places[symbol.index()].first() else {
                continue;
            };
            let own = &self.open[oldest as usize];
            let numbers = [own.lots, own.swap, own.value, own.best_price];
            seen = numbers.iter().fold(seen, |seen, own| seen ^ own.to_bits());
            let is_known = own.stop_loss.is_some() ^ own.closing ^ own.alternative_pnl.is_some();
            seen ^= u64::from(is_known) ^ u64::from(own.id.0);
        }
        std::hint::black_box(seen);
    }

    /// Brings the index by symbol up to date.
    #[inline]
    pub(super) fn index(&mut self) {
        if self.places.len() > 1 && !self.is_indexed {
            self.index_anew();
        }
    }

    fn index_anew(&mut self) {
        self.places.iter_mut().for_each(Places::clear);
        for (place, position) in (0..).zip(&*self.open) {
            self.places[position.symbol.index()].push(place);
        }
        self.is_indexed = true;
    }

    /// From now on, closed positions stay in their places.
    pub(super) fn begin_closes(&mut self) {
        self.index();
        self.is_closing_many = true;
    }

    /// Removes the closed positions.
    pub(super) fn end_closes(&mut self) {
        self.is_closing_many = false;
        let before = self.open.len();
        self.open.retain(|position| position.lots > 0.0);
        self.is_indexed &= self.open.len() == before;
    }

    /// Changes those of a symbol, in the order of entry.
    pub(super) fn for_each_of(&mut self, symbol: SymbolId, mut change: impl FnMut(&mut Position)) {
        if self.is_indexed {
            for &place in &*self.places[symbol.index()] {
                change(&mut self.open[place as usize]);
            }
        } else {
            let own = self.open.iter_mut().filter(|p| p.symbol == symbol);
            own.for_each(change);
        }
    }

    /// The oldest position of a symbol.
    pub(super) fn first_of(&self, symbol: SymbolId) -> Option<usize> {
        self.find_of(symbol, |_| true)
    }
}
