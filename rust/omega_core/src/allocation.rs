//! Memory that a run will need, requested before it is needed: a vector that finds none ends the
//! whole process, and with it a notebook.

use crate::error::OmegaError;

/// Refuses what the system has no memory for.
///
/// # Errors
/// `OutOfMemory` where so many bytes cannot be had in one piece.
pub fn require(bytes: usize, what: impl FnOnce() -> String) -> Result<(), OmegaError> {
    // Given back at once: what is needed is taken piece by piece.
    let probe = Vec::<u8>::new().try_reserve_exact(bytes);
    probe.map_err(|_| OmegaError::OutOfMemory {
        what: what(),
        bytes,
    })
}

/// Empties a table and makes room for so many rows, as far as there is memory.
pub(crate) fn room<T>(rows: &mut Vec<T>, wanted: usize) {
    rows.clear();
    // Where there is none now, a row that comes finds out.
    drop(rows.try_reserve(wanted));
}

/// Makes room for further rows of a table that grows.
///
/// # Errors
/// `OutOfMemory` where the table cannot grow.
#[inline]
pub(crate) fn grow<T>(rows: &mut Vec<T>, by: usize, name: &str) -> Result<(), OmegaError> {
    if rows.capacity() - rows.len() >= by {
        return Ok(());
    }
    grow_slowly(rows, by, name)
}

#[cold]
fn grow_slowly<T>(rows: &mut Vec<T>, by: usize, name: &str) -> Result<(), OmegaError> {
    let (before, wanted) = (rows.len(), rows.len().max(by));
    rows.try_reserve(by).map_err(|_| OmegaError::OutOfMemory {
        what: format!("the table of {name}, which has {before} rows,"),
        bytes: wanted * size_of::<T>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_system_has_is_refused_by_its_size() {
        let refused = require(usize::MAX / 4, || "the equity of 9 bars".into());
        let words = refused.unwrap_err().to_string();
        assert!(words.starts_with("the equity of 9 bars needs 4611686018427 MB"));
    }

    #[test]
    fn a_table_that_cannot_grow_keeps_its_rows() {
        let mut rows = vec![1_u64, 2];
        assert!(grow(&mut rows, usize::MAX / 64, "orders").is_err());
        assert_eq!(rows, [1, 2]);
        assert_eq!(grow(&mut rows, 100, "orders"), Ok(()));
        assert!(rows.capacity() >= 102);
    }
}
