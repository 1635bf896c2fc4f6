//! A strategy of your own in Rust: `cargo run --release --package rust_strategy`.

use arrow_cast::pretty::pretty_format_batches;
use omega_core::backtest::{Backtest, Config};
use omega_core::execution::{Action, Level, OpenRequest};
use omega_core::replay::{State, Strategy, View};
use omega_core::store::{Market, SymbolCandles};
use omega_core::types::{Direction, SymbolId, TimeUnit};

/// Buys after so many falling closes in a row, and leaves at the first rising one.
struct DipBuyer {
    falls: usize,
}

impl Strategy for DipBuyer {
    type Error = omega_core::error::OmegaError;

    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), Self::Error> {
        let close = |ago| view.bar(ago).map(|bar| bar.bid.close);
        let fell = |ago| close(ago) < close(ago + 1);
        if state.positions.is_empty() && (0..self.falls).all(fell) {
            let mut entry = OpenRequest::market(SymbolId(0), Direction::Long);
            entry.stop_loss = close(0).map(|price| Level::At(price - 0.5));
            actions.push(Action::Open(entry));
        } else if !state.positions.is_empty() && !fell(0) {
            actions.push(Action::close_all(SymbolId(0)));
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let swing = (0..200).map(|bar| (i64::from(bar) * 60, 100.0 + (f64::from(bar) / 7.0).sin()));
    let market = Market::single(SymbolCandles::from_prices("SWING", TimeUnit::Second, swing));
    let config = Config {
        warmup: vec![4],
        ..Config::default()
    };
    let result = Backtest::new(&market, config)?.run(&mut DipBuyer { falls: 3 })?;
    let trades = result.tables.trades().project(&[0, 7, 10, 18])?;
    println!("{}", pretty_format_batches(&[trades])?);
    println!("net profit: {:.2}", result.metrics().net_profit);
    println!("fingerprint: {}", result.fingerprint());
    Ok(())
}
