//! What is measured gives the answer that it is measured for.

#[allow(
    clippy::cast_precision_loss,
    clippy::unnecessary_wraps,
    reason = "answers are counts that are exact in a float, and all workloads are prepared alike"
)]
#[path = "../benches/workloads/mod.rs"]
mod workloads;

use omega_core::error::OmegaError;

#[test]
fn every_workload_gives_its_answer() -> Result<(), OmegaError> {
    for workload in workloads::all() {
        drop(workload.checked()?);
    }
    Ok(())
}
