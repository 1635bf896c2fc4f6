//! A bounded run of a target on inputs that numbers decide: `omega_fuzz TARGET INPUTS [FIRST]`.
//!
//! Stable Rust and nothing else. Where an input breaks something, the shortest such input found is
//! printed, and the seed that repeats it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

/// No input takes longer than this.
const MOST: Duration = Duration::from_secs(5);

/// Inputs are shorter than this: up to 168 bars.
const BYTES: u64 = 4_500;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize| {
        arguments
            .get(place)
            .map_or(Ok(0), |text| text.parse::<u64>())
    };
    let target: fn(&[u8]) = match arguments.first().map(String::as_str) {
        Some("columns") => omega_fuzz::columns,
        Some("orders") => omega_fuzz::orders,
        other => {
            eprintln!("given {other:?}, expected: omega_fuzz columns|orders INPUTS [FIRST]");
            return ExitCode::FAILURE;
        }
    };
    let (Ok(inputs), Ok(first)) = (number(1), number(2)) else {
        eprintln!("INPUTS and FIRST are numbers, given {arguments:?}");
        return ExitCode::FAILURE;
    };
    let began = Instant::now();
    omega_fuzz::for_each(first..first + inputs, BYTES, 1, |bytes| {
        let began = Instant::now();
        target(bytes);
        let took = began.elapsed();
        assert!(took < MOST, "an input took {took:?}");
    });
    println!(
        "{}: {inputs} inputs, {:.0} s",
        arguments[0],
        began.elapsed().as_secs_f64()
    );
    ExitCode::SUCCESS
}
