//! A table that is made of the rows of a run when it is read first.

use std::sync::{Mutex, MutexGuard, PoisonError};

use arrow_array::RecordBatch;

/// The rows of a run, or the table that was made of them and has replaced them.
// Most tables of a sweep are never read, and of a run few besides trades and equity.
#[derive(Debug)]
pub(super) struct Lazy<R, T = RecordBatch>(Mutex<State<R, T>>);

#[derive(Debug, Clone)]
enum State<R, T> {
    Rows(R),
    Table(T),
}

impl<R, T: Clone> Lazy<R, T> {
    pub(super) fn of_rows(rows: R) -> Self {
        Self(Mutex::new(State::Rows(rows)))
    }

    pub(super) fn of_table(table: T) -> Self {
        Self(Mutex::new(State::Table(table)))
    }

    /// The table, which shares its columns with every other reading of it.
    pub(super) fn read(&self, make: impl FnOnce(&R) -> T) -> T {
        let mut state = self.state();
        match &*state {
            State::Rows(rows) => {
                let table = make(rows);
                *state = State::Table(table.clone());
                table
            }
            State::Table(table) => table.clone(),
        }
    }

    /// What the rows give as well as the table.
    pub(super) fn either<A>(
        &self,
        of_rows: impl FnOnce(&R) -> A,
        of_table: impl FnOnce(&T) -> A,
    ) -> A {
        match &*self.state() {
            State::Rows(rows) => of_rows(rows),
            State::Table(table) => of_table(table),
        }
    }

    /// The rows, where no table has taken their place.
    pub(super) fn into_rows(self) -> Option<R> {
        match self.0.into_inner().unwrap_or_else(PoisonError::into_inner) {
            State::Rows(rows) => Some(rows),
            State::Table(_) => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State<R, T>> {
        // A panic while a table was made has left the rows as they were.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Clone, T: Clone> Clone for Lazy<R, T> {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.state().clone()))
    }
}
