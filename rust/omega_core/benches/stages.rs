//! How long each stage takes over its workload: `make bench-core`.

#[allow(
    clippy::cast_precision_loss,
    clippy::unnecessary_wraps,
    reason = "answers are counts that are exact in a float, and all workloads are prepared alike"
)]
mod workloads;

use std::time::Duration;

use criterion::{BatchSize, Criterion};
use omega_core::error::OmegaError;

fn main() -> Result<(), OmegaError> {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for workload in workloads::all() {
        let again = workload.checked()?;
        criterion.bench_function(workload.name, |bench| {
            bench.iter_batched(&again, |work| work(), BatchSize::LargeInput);
        });
    }
    criterion.final_summary();
    Ok(())
}
