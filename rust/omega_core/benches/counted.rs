//! Does the work of one name once, inside a function by which a counter of instructions knows where
//! to begin and to end. Without a name it lists the names. See `benchmarks/engine/instructions.py`.

#[allow(
    clippy::cast_precision_loss,
    clippy::unnecessary_wraps,
    reason = "answers are counts that are exact in a float, and all workloads are prepared alike"
)]
mod workloads;

use std::hint::black_box;

use omega_core::error::OmegaError;
use workloads::Work;

fn main() -> Result<(), OmegaError> {
    let asked = std::env::args().skip(1).find(|word| word != "--bench");
    for workload in workloads::all() {
        match &asked {
            None => println!("{}", workload.name),
            Some(name) if name == workload.name => {
                let again = workload.checked()?;
                black_box(what_is_counted(again()));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Counted from its call to its return.
#[inline(never)]
fn what_is_counted(work: Work) -> f64 {
    black_box(work())
}
