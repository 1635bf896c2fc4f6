//! Arrow arrays in, checked column segments out; nothing is copied and nothing is repaired.
//!
//! The input is a list of chunks per [`Role`] for each symbol. The output is [`SymbolColumns`],
//! whose segments share the memory of those chunks, and the [`Findings`] of the rules T1 and T3 on
//! them.

mod align;
mod cast;
mod findings;
mod input;
mod ipc;
mod role;
mod rules;
mod scan;
mod segment;
#[cfg(test)]
mod tests;
mod validate;

pub use findings::{Finding, Findings, Tally};
pub use input::{InputColumn, SymbolColumns, SymbolInput, read};
pub use ipc::{ipc_columns, ipc_schema, write_ipc};
pub use role::{ColumnNames, Role, Slot};
pub use rules::{Level, Rule, Rules};
pub use segment::{AskColumns, Segment};
pub use validate::{refuse_nulls, report, validate};
