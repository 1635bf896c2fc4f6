//! What the fills of a run add up to.

use super::{Fill, SymbolSettings};

/// What fills add up to, in account currency; none where a fill belongs to no order.
#[derive(Debug, Clone, Copy)]
pub struct FillSums {
    pub(crate) fees: f64,
    pub(crate) slippage: Option<f64>,
    pub(crate) notional: Option<f64>,
}

/// What the sums read of a fill.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FillNumbers {
    pub(crate) price: f64,
    pub(crate) lots: f64,
    pub(crate) fee: f64,
    pub(crate) slippage: f64,
    pub(crate) rate: f64,
    pub(crate) contract_size: Option<f64>,
}

impl FillNumbers {
    pub(crate) fn of(fill: &Fill, contract_size: f64) -> Self {
        Self {
            price: fill.price,
            lots: fill.lots,
            fee: fill.fee,
            slippage: fill.slippage,
            rate: fill.rate,
            contract_size: Some(contract_size),
        }
    }
}

impl Default for FillSums {
    fn default() -> Self {
        Self {
            fees: 0.0,
            slippage: Some(0.0),
            notional: Some(0.0),
        }
    }
}

impl FillSums {
    /// Adds a fill, in the order in which they happened.
    #[inline]
    pub(crate) fn add(&mut self, fill: FillNumbers) {
        self.fees += fill.fee;
        // What one unit of price is worth in account currency. From the left, as documented and as
        // in the reference: three factors in another order have other last bits.
        let units = fill.contract_size.map(|size| fill.lots * size * fill.rate);
        let add = |sum: Option<f64>, price: f64| Some(sum? + price * units?);
        self.slippage = add(self.slippage, fill.slippage);
        self.notional = add(self.notional, fill.price);
    }

    /// Adds a fill of one of these symbols.
    #[inline]
    pub(super) fn add_of(&mut self, fill: &Fill, symbols: &[SymbolSettings]) {
        let size = symbols[fill.symbol.index()].instrument.contract_size;
        self.add(FillNumbers::of(fill, size));
    }

    /// The sums of some fills.
    pub(crate) fn of(fills: impl Iterator<Item = FillNumbers>) -> Self {
        let mut sums = Self::default();
        fills.for_each(|fill| sums.add(fill));
        sums
    }
}
