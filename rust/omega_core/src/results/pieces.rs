//! Bytes that are hashed, gathered piece by piece.

use sha2::{Digest, Sha256};

use super::schema::Column;
use crate::run_length::{self, Number, Piece};

/// Gathers short pieces: a hash of many of them takes its time for each.
pub(super) struct Pieces {
    hasher: Sha256,
    pub(super) gathered: Vec<u8>,
    /// So many bytes are hashed together.
    together: usize,
}

impl Default for Pieces {
    fn default() -> Self {
        Self {
            together: 1 << 14,
            ..Self::apart()
        }
    }
}

impl Pieces {
    /// Pieces that are gathered only.
    pub(super) fn apart() -> Self {
        Self {
            hasher: Sha256::default(),
            gathered: Vec::new(),
            together: usize::MAX,
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.gathered.extend_from_slice(bytes);
        self.hash_many();
    }

    #[inline]
    pub(super) fn hash_many(&mut self) {
        if self.gathered.len() >= self.together {
            self.hasher.update(&self.gathered);
            self.gathered.clear();
        }
    }

    pub(super) fn text(&mut self, value: &str) {
        self.count(value.len());
        self.update(value.as_bytes());
    }

    pub(super) fn count(&mut self, value: usize) {
        self.update(&(value as u64).to_le_bytes());
    }

    /// What comes before the columns of a table.
    // Counts and lengths before contents, so that no two tables have the same bytes by moving a
    // value from one column to the next.
    pub(super) fn head(&mut self, name: &str, columns: &[Column], rows: usize) {
        self.text(name);
        self.count(columns.len());
        self.count(rows);
    }

    /// A column as its changes.
    pub(super) fn changes<P: Piece>(&mut self, rows: usize, value: impl Fn(usize) -> P + Copy) {
        self.changed(&run_length::bits(rows, value), value);
    }

    /// Flags as their changes.
    pub(super) fn flags(&mut self, flags: &[bool]) {
        self.changed(&run_length::bits_of_flags(flags), |row| flags[row]);
    }

    /// The rows that change, and their values.
    pub(super) fn changed<P: Piece>(&mut self, bits: &[u8], value: impl Fn(usize) -> P) {
        self.update(bits);
        for (block, &bits) in bits.iter().enumerate().filter(|(_, bits)| **bits != 0) {
            for row in run_length::changed(block, bits) {
                value(row).write(&mut self.gathered);
            }
            self.hash_many();
        }
    }

    /// The same of numbers in a row.
    pub(super) fn numbers<N: Number>(&mut self, values: &[N]) {
        let bits = run_length::bits_of(values);
        self.update(&bits);
        for (block, &bits) in bits.iter().enumerate().filter(|(_, bits)| **bits != 0) {
            run_length::write_changed(values, (block, bits), &mut self.gathered);
            self.hash_many();
        }
    }

    /// The same of values that each stand in so many of the rows.
    pub(super) fn spans<P: Piece + Copy>(
        &mut self,
        rows: usize,
        spans: impl Iterator<Item = (P, usize)>,
    ) {
        let (starts, values) = run_length::starts(spans);
        let mut bits = vec![0; rows.div_ceil(8)];
        for row in starts {
            bits[row / 8] |= 1 << (row % 8);
        }
        self.update(&bits);
        for value in values {
            value.write(&mut self.gathered);
            self.hash_many();
        }
    }

    /// Bytes that need not be gathered.
    pub(super) fn large(&mut self, bytes: &[u8]) {
        self.hasher.update(&self.gathered);
        self.gathered.clear();
        self.hasher.update(bytes);
    }

    pub(super) fn finish(mut self) -> String {
        self.hasher.update(&self.gathered);
        let digits = |byte: u8| [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]);
        self.hasher
            .finalize()
            .into_iter()
            .flat_map(digits)
            .collect()
    }
}

const DIGITS: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
];
