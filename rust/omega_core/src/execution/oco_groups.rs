//! The names of OCO groups: the orders of each, and those that filled at the open at hand (F8).

use std::collections::BTreeMap;

use super::Order;

/// Groups by name.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// The rows of the orders of each, of those that ended as well.
    rows: BTreeMap<String, Vec<usize>>,
    /// Those of which an order filled since the open began.
    filled: Vec<String>,
}

impl Groups {
    /// Begins an open, at which orders that were requested together may fill one after the other.
    #[inline]
    pub(super) fn begin_open(&mut self) {
        self.filled.clear();
    }

    /// Notes an order that waits among those of its group.
    pub(super) fn join(&mut self, order: &Order, row: usize) {
        if let Some(group) = order.labels.group() {
            self.rows.entry(group.to_owned()).or_default().push(row);
        }
    }

    /// The rows of the group of an order, of those that ended as well.
    #[inline]
    pub(super) fn rows(&self, order: &Order) -> &[usize] {
        let rows = order.labels.group().and_then(|group| self.rows.get(group));
        rows.map_or(&[], Vec::as_slice)
    }

    /// Ends the group of an order that filled; gives its rows.
    pub(super) fn fill(&mut self, order: &Order) -> Vec<usize> {
        let Some(group) = order.labels.group() else {
            return Vec::new();
        };
        self.filled.push(group.to_owned());
        self.rows.remove(group).unwrap_or_default()
    }

    /// Whether an order of the same group has filled since the open began.
    #[inline]
    pub(super) fn has_filled(&self, order: &Order) -> bool {
        let group = order.labels.group();
        group.is_some_and(|group| self.filled.iter().any(|filled| filled == group))
    }
}
