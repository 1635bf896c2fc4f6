//! What the fingerprint hashes of the times of a table.

use arrow_buffer::ScalarBuffer;

use super::pieces::Pieces;
use crate::run_length;

/// What is hashed of the times of a curve, which many runs have in common.
#[derive(Debug, Default)]
pub(crate) struct HashedTimes {
    of: ScalarBuffer<i64>,
    bytes: Vec<u8>,
}

impl HashedTimes {
    /// That of these times, made anew where they are others than before.
    pub(super) fn of(&mut self, given: &ScalarBuffer<i64>) -> &Self {
        if !self.of.ptr_eq(given) {
            let mut apart = Pieces::apart();
            times(&mut apart, given);
            (self.of, self.bytes) = (given.clone(), apart.gathered);
        }
        self
    }

    pub(super) fn rows(&self) -> usize {
        self.of.len()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// How many times are subtracted together.
const TOGETHER: usize = 1 << 12;

/// Bars follow one another at the same distance for hours, so that few differences change.
pub(super) fn times(to: &mut Pieces, values: &[i64]) {
    let rows = values.len();
    let mut bits = Vec::with_capacity(rows.div_ceil(8));
    let mut steps = Vec::with_capacity(rows.min(TOGETHER + 8));
    // A part at a time: differences of all bars would take as much memory as the equity.
    for first in (0..rows).step_by(TOGETHER) {
        // With eight rows before, the last of which the first one is compared with.
        let (before, end) = (first.saturating_sub(8), rows.min(first + TOGETHER));
        steps.clear();
        steps.extend(values.first().filter(|_| before == 0));
        // In pairs of two slices, which are subtracted side by side.
        let from = before.max(1);
        let pairs = values[from..end].iter().zip(&values[from - 1..]);
        steps.extend(pairs.map(|(now, before)| now.wrapping_sub(*before)));
        bits.extend_from_slice(&run_length::bits_of(&steps)[(first - before) / 8..]);
    }
    to.changed(&bits, |row| {
        let before = row.checked_sub(1).map_or(0, |before| values[before]);
        values[row].wrapping_sub(before)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_parts_are_hashed_as_their_differences_in_one_piece() {
        for rows in (0..20)
            .chain(TOGETHER - 9..TOGETHER + 9)
            .chain([3 * TOGETHER])
        {
            let mut time = -7;
            let values: Vec<i64> = (0..rows)
                .map(|row| {
                    time += if row % 1_023 == 5 { 90 } else { 60 };
                    time
                })
                .collect();
            let (mut in_parts, mut in_one) = (Pieces::default(), Pieces::default());
            times(&mut in_parts, &values);
            in_one.changes(rows, |row| {
                let before = row.checked_sub(1).map_or(0, |before| values[before]);
                values[row] - before
            });
            assert_eq!(in_parts.finish(), in_one.finish(), "{rows}");
        }
    }
}
