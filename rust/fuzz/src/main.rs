//! A bounded run of a target on inputs that a seed decides: `omega_fuzz TARGET INPUTS [FIRST]`.
//!
//! Stable Rust and nothing else. Each input has a number, which is printed when it breaks
//! something; `omega_fuzz TARGET 1 NUMBER` runs that one alone.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use omega_fuzz::{Choices, Seeded};

/// No input takes longer than this.
const MOST: Duration = Duration::from_secs(5);

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
    for input in first..first + inputs {
        if !survives(target, input) {
            eprintln!(
                "input {input} broke it; run it alone with: {} 1 {input}",
                arguments[0]
            );
            return ExitCode::FAILURE;
        }
    }
    println!(
        "{}: {inputs} inputs, {:.0} s",
        arguments[0],
        began.elapsed().as_secs_f64()
    );
    ExitCode::SUCCESS
}

/// Whether a target neither panics on an input nor takes too long.
fn survives(target: fn(&[u8]), input: u64) -> bool {
    let mut choices = Seeded::new(input);
    let bytes: Vec<u8> = (0..choices.below(1_500))
        .map(|_| u8::try_from(choices.bits(8)).unwrap_or(0))
        .collect();
    let began = Instant::now();
    // Caught, so that the number of the input can be printed, by which it runs alone.
    let quiet = std::panic::catch_unwind(|| target(&bytes)).is_ok();
    let quick = began.elapsed() < MOST;
    if !quick {
        eprintln!("input {input} took {:?}", began.elapsed());
    }
    quiet && quick
}
