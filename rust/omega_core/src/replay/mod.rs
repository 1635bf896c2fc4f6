//! The loop: all control flow of a run, and nothing else.
//!
//! In: a market, a plan, and three components. Out: whatever the components wrote down. The loop is
//! generic over its components, so that native ones are inlined and a Python one costs one adapter.

mod conversion;
mod executor;
mod feed;
mod magnifier;
mod observer;
mod outlook;
mod plan;
mod portfolio;
mod run;
mod step;
mod strategy;
mod wakeups;

pub use conversion::Rates;
pub use executor::{Ahead, Executor, ExecutorState};
pub use feed::{Feed, SymbolContext, VolumeOf};
pub use magnifier::Magnifier;
pub use observer::{NoObserver, Observer};
pub use outlook::{Foresight, NextStep, Outlook};
pub use plan::Plan;
pub use portfolio::Portfolio;
pub use run::{RunCounts, run};
pub use strategy::{State, Strategy, View};
pub use wakeups::Wakeups;
