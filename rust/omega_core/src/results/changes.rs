//! A column as its changes: where a value is another than in the row before, and those values.
//!
//! First one bit a row, from the lowest bit of the first byte on: 1 where the value is another than
//! that of the row before, as it is in the first row. Then the values of these rows. Numbers are
//! compared by their bits.

use std::ops::Range;

use arrow_array::StringArray;

/// A value that is hashed.
pub(super) trait Piece {
    /// Whether it is the same value.
    fn is(&self, other: &Self) -> bool;
    /// Appends its bytes.
    fn write(&self, to: &mut Vec<u8>);
}

/// Where the values of so many rows change: a bit a row.
pub(super) fn bits<P: Piece>(rows: usize, value: impl Fn(usize) -> P) -> Vec<u8> {
    let mut bits = Vec::with_capacity(rows.div_ceil(8));
    let mut last = None;
    for first in (0..rows).step_by(8) {
        let mut block = 0;
        for row in first..(first + 8).min(rows) {
            let now = value(row);
            let is_new = last.as_ref().is_none_or(|last| !now.is(last));
            block |= u8::from(is_new) << (row - first);
            last = Some(now);
        }
        bits.push(block);
    }
    bits
}

/// The rows whose bits are set.
pub(super) fn changed(bits: &[u8]) -> impl Iterator<Item = usize> {
    let blocks = bits.iter().enumerate().filter(|(_, bits)| **bits != 0);
    blocks.flat_map(|(block, bits)| {
        let rows = (0..8).filter(move |row| bits >> row & 1 == 1);
        rows.map(move |row| 8 * block + row)
    })
}

/// The first rows of runs of equal values, with these, of values that each stand in so many rows.
pub(super) fn starts<P: Piece + Copy>(
    spans: impl Iterator<Item = (P, usize)>,
) -> (Vec<usize>, Vec<P>) {
    let (mut starts, mut values, mut row) = (Vec::new(), Vec::<P>::new(), 0);
    for (value, rows) in spans {
        // Two spans may have one of their two values in common.
        if values.last().is_none_or(|last| !last.is(&value)) {
            starts.push(row);
            values.push(value);
        }
        row += rows;
    }
    (starts, values)
}

impl Piece for f64 {
    #[inline]
    fn is(&self, other: &Self) -> bool {
        self.to_bits() == other.to_bits()
    }

    #[inline]
    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.to_le_bytes());
    }
}

/// Integers, whose bytes are their values.
macro_rules! integers {
    ($($integer:ty)+) => {
        $(impl Piece for $integer {
            #[inline]
            fn is(&self, other: &Self) -> bool {
                self == other
            }

            #[inline]
            fn write(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }
        })+
    };
}

integers! { u32 i64 }

impl Piece for bool {
    fn is(&self, other: &Self) -> bool {
        self == other
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.push(u8::from(*self));
    }
}

impl Piece for &str {
    fn is(&self, other: &Self) -> bool {
        self == other
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&(self.len() as u64).to_le_bytes());
        to.extend_from_slice(self.as_bytes());
    }
}

/// A list of texts: those of an array in some places.
pub(super) struct Texts<'a>(pub(super) &'a StringArray, pub(super) Range<usize>);

impl<'a> Texts<'a> {
    fn iter(&self) -> impl Iterator<Item = &'a str> {
        let Self(texts, places) = self;
        let texts = *texts;
        places.clone().map(|place| texts.value(place))
    }
}

impl Piece for Texts<'_> {
    fn is(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&(self.1.len() as u64).to_le_bytes());
        self.iter().for_each(|text| text.write(to));
    }
}
