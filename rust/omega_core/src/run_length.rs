//! A column as its changes: where a value is another than in the row before, and those values.
//!
//! First one bit a row, from the lowest bit of the first byte on: 1 where the value is another than
//! that of the row before, as it is in the first row. Then the values of these rows. Numbers are
//! compared by their bits.

use std::ops::Range;

use arrow_array::StringArray;

use crate::allocation::room;

/// A value that is hashed.
pub(crate) trait Piece {
    /// Whether it is the same value.
    fn is(&self, other: &Self) -> bool;
    /// Appends its bytes.
    fn write(&self, to: &mut Vec<u8>);
}

/// Where the values of so many rows change: a bit a row.
pub(crate) fn bits<P: Piece>(rows: usize, value: impl Fn(usize) -> P) -> Vec<u8> {
    let mut bits = Vec::with_capacity(rows.div_ceil(8));
    let Some(end) = rows.checked_sub(1) else {
        return bits;
    };
    let mut last = value(0);
    let mut is_new = |row: usize| {
        let now = value(row);
        let is_new = !now.is(&last);
        last = now;
        u8::from(is_new)
    };
    // The first row is new; of the others eight together, without a look at where they end.
    for first in (0..=end).step_by(8) {
        let mut block = if first == 0 { 1 } else { is_new(first) };
        if first + 7 <= end {
            for place in 1..8 {
                block |= is_new(first + place) << place;
            }
        } else {
            for row in first + 1..=end {
                block |= is_new(row) << (row - first);
            }
        }
        bits.push(block);
    }
    bits
}

/// The rows whose bits are set, of the eight of a block.
pub(crate) fn changed(block: usize, bits: u8) -> impl Iterator<Item = usize> {
    let mut left = bits;
    std::iter::from_fn(move || {
        let place = (left != 0).then(|| left.trailing_zeros() as usize)?;
        left &= left - 1;
        Some(8 * block + place)
    })
}

/// The first rows of runs of equal values, with these, of values that each stand in so many rows.
pub(crate) fn starts<P: Piece + Copy>(
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

/// A number, of which columns are slices.
pub(crate) trait Number: Piece + Copy {
    /// Appends the bytes of eight.
    fn write_eight(values: &[Self; 8], to: &mut Vec<u8>);
}

/// The same bits of a slice, eight rows at a time.
pub(crate) fn bits_of<N: Number>(values: &[N]) -> Vec<u8> {
    let mut bits = Vec::with_capacity(values.len().div_ceil(8));
    add_bits(None, values, &mut bits);
    bits
}

/// Adds the bits of rows that follow one with this value.
fn add_bits<N: Number>(before: Option<N>, values: &[N], bits: &mut Vec<u8>) {
    let (head, rest) = values.split_at(values.len().min(8));
    let mut last = before;
    let mut block = 0;
    for (place, now) in head.iter().enumerate() {
        block |= u8::from(last.is_none_or(|last| !now.is(&last))) << place;
        last = Some(*now);
    }
    bits.extend((!head.is_empty()).then_some(block));
    let (now, rest) = rest.as_chunks::<8>();
    let before = values[head.len().saturating_sub(1)..].as_chunks::<8>().0;
    for (now, before) in now.iter().zip(before) {
        let mut block = 0;
        for place in 0..8 {
            block |= u8::from(!now[place].is(&before[place])) << place;
        }
        bits.push(block);
    }
    if !rest.is_empty() {
        let before = &values[values.len() - rest.len() - 1..];
        let mut block = 0;
        for (place, (now, before)) in rest.iter().zip(before).enumerate() {
            block |= u8::from(!now.is(before)) << place;
        }
        bits.push(block);
    }
}

/// Appends the values of a block of eight rows that these bits are of, as far as they change.
#[inline]
pub(crate) fn write_changed<N: Number>(values: &[N], (block, bits): (usize, u8), to: &mut Vec<u8>) {
    match values[8 * block..].first_chunk() {
        Some(all) if bits == u8::MAX => N::write_eight(all, to),
        _ => {
            for row in changed(block, bits) {
                values[row].write(to);
            }
        }
    }
}

/// A column of numbers as its changes, of rows that come in parts.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) bits: Vec<u8>,
    pub(crate) values: Vec<u8>,
    last: Option<f64>,
}

impl Changes {
    /// None so far, with room for so many rows, in the memory of others.
    pub(crate) fn with_room(rows: usize, memory: Self) -> Self {
        let Self {
            mut bits,
            mut values,
            ..
        } = memory;
        room(&mut bits, rows.div_ceil(8));
        room(&mut values, rows * size_of::<f64>());
        Self {
            bits,
            values,
            last: None,
        }
    }

    /// Adds rows: a multiple of eight, but for the last part.
    pub(crate) fn add(&mut self, rows: &[f64]) {
        let before = self.bits.len();
        add_bits(self.last, rows, &mut self.bits);
        for (block, &bits) in self.bits[before..].iter().enumerate() {
            if bits != 0 {
                write_changed(rows, (block, bits), &mut self.values);
            }
        }
        self.last = rows.last().copied().or(self.last);
    }
}

/// The same bits of flags, by eight at a time.
pub(crate) fn bits_of_flags(flags: &[bool]) -> Vec<u8> {
    // The lowest bits of eight bytes, gathered in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let bytes: &[u8] = bytemuck::cast_slice(flags);
    let mut before = bytes.first().map_or(0, |first| first ^ 1);
    let block = |bytes: &[u8; 8]| {
        let now = u64::from_le_bytes(*bytes);
        let moved = now << 8 | u64::from(before);
        before = bytes[7];
        ((now ^ moved).wrapping_mul(GATHER) >> 56) as u8
    };
    let (blocks, rest) = bytes.as_chunks::<8>();
    let mut bits: Vec<u8> = Vec::with_capacity(bytes.len().div_ceil(8));
    let mut padded = [rest.last().copied().unwrap_or_default(); 8];
    padded[..rest.len()].copy_from_slice(rest);
    let last = (!rest.is_empty()).then_some(&padded);
    bits.extend(blocks.iter().chain(last).map(block));
    bits
}

/// Numbers that are compared by these bits.
macro_rules! numbers {
    ($($number:ty: $bits:expr),+) => {
        $(impl Piece for $number {
            #[inline]
            fn is(&self, other: &Self) -> bool {
                let bits = $bits;
                bits(self) == bits(other)
            }

            #[inline]
            fn write(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }
        }

        impl Number for $number {
            #[inline]
            fn write_eight(values: &[Self; 8], to: &mut Vec<u8>) {
                // Together first: a list looks for room with each that is added.
                let bytes = values.map(<$number>::to_le_bytes);
                to.extend_from_slice(bytes.as_flattened());
            }
        })+
    };
}

numbers! { f64: |x: &f64| x.to_bits(), u32: |x: &u32| *x, i64: |x: &i64| *x }

impl Piece for bool {
    fn is(&self, other: &Self) -> bool {
        self == other
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.push(u8::from(*self));
    }
}

impl Piece for &str {
    #[inline]
    fn is(&self, other: &Self) -> bool {
        // Nothing is not compared with nothing: it lies at no address, and where the system's
        // comparison reads under a mask it takes 70 ns to find that out.
        self.len() == other.len() && (self.is_empty() || self == other)
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&(self.len() as u64).to_le_bytes());
        to.extend_from_slice(self.as_bytes());
    }
}

impl Piece for &[String] {
    fn is(&self, other: &Self) -> bool {
        self == other
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&(self.len() as u64).to_le_bytes());
        self.iter().for_each(|text| text.as_str().write(to));
    }
}

/// A name of a closed list: a constant, mostly at the same address as an equal one.
#[derive(Clone, Copy)]
pub(crate) struct Name(pub(crate) &'static str);

impl Piece for Name {
    #[inline]
    fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0) || self.0.is(&other.0)
    }

    fn write(&self, to: &mut Vec<u8>) {
        self.0.write(to);
    }
}

/// An entry of a dictionary, in which two entries may have one text.
pub(crate) struct Entry<'a> {
    pub(crate) key: u32,
    pub(crate) text: &'a str,
}

impl Piece for Entry<'_> {
    #[inline]
    fn is(&self, other: &Self) -> bool {
        // Mostly the same entry, whose text need not be compared with itself.
        self.key == other.key || self.text.is(&other.text)
    }

    fn write(&self, to: &mut Vec<u8>) {
        self.text.write(to);
    }
}

/// A list of texts: those of an array in some places.
pub(crate) struct Texts<'a>(pub(crate) &'a StringArray, pub(crate) Range<usize>);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_has_the_bits_of_its_rows_one_by_one() {
        for rows in 0..70 {
            let values: Vec<u32> = (0..rows).map(|row| row * row % 7 / 3).collect();
            let one_by_one = bits(values.len(), |row| values[row]);
            assert_eq!(bits_of(&values), one_by_one, "{rows}");
            let changes = |row: usize| row == 0 || values[row] != values[row - 1];
            for row in 0..values.len() {
                assert_eq!(
                    one_by_one[row / 8] >> (row % 8) & 1 == 1,
                    changes(row),
                    "{row}"
                );
            }
        }
    }

    #[test]
    fn rows_in_parts_have_the_changes_of_one_column() {
        for rows in 0..90_u32 {
            let value = |row: u32| f64::from(row * row % 7 / 3);
            let values: Vec<f64> = (0..rows).map(value).collect();
            let mut changes = Changes::with_room(values.len(), Changes::default());
            values.chunks(16).for_each(|part| changes.add(part));
            let bits = bits(values.len(), |row| values[row]);
            let mut bytes = Vec::new();
            for (block, &bits) in bits.iter().enumerate() {
                changed(block, bits).for_each(|row| values[row].write(&mut bytes));
            }
            assert_eq!((changes.bits, changes.values), (bits, bytes), "{rows}");
        }
    }

    #[test]
    fn flags_have_the_bits_of_their_rows_one_by_one() {
        for rows in 0..70_u32 {
            let flags: Vec<bool> = (0..rows).map(|row| row * row % 7 / 3 == 1).collect();
            let one_by_one = bits(flags.len(), |row| flags[row]);
            assert_eq!(bits_of_flags(&flags), one_by_one, "{rows}");
        }
    }

    #[test]
    fn entries_of_a_dictionary_are_the_same_by_their_text() {
        let entry = |key, text| Entry { key, text };
        assert!(entry(1, "long").is(&entry(1, "long")) && entry(1, "long").is(&entry(2, "long")));
        assert!(!entry(1, "long").is(&entry(2, "short")));
    }

    #[test]
    fn eight_numbers_have_the_bytes_of_each() {
        let values = [0.5, -0.0, 0.0, 7.25, f64::NAN, -3.0, 1e300, 2.0];
        let (mut together, mut each) = (Vec::new(), Vec::new());
        f64::write_eight(&values, &mut together);
        for value in values {
            value.write(&mut each);
        }
        assert_eq!(together, each);
    }
}
