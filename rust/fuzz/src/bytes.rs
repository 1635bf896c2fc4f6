//! Choices that the bytes of a fuzzer make.

use crate::random_runs::choices::{Choices, Seeded};

/// Choices read from bytes; after the last byte they go on from a seed, the first eight bytes.
#[derive(Debug, Clone)]
pub struct Bytes<'a> {
    rest: &'a [u8],
    after: Seeded,
}

impl<'a> Bytes<'a> {
    /// The choices that bytes make.
    pub fn new(bytes: &'a [u8]) -> Self {
        // A short input still makes a whole run. The seed comes from the input, so that the same
        // bytes always make the same choices.
        let seed = bytes
            .iter()
            .take(8)
            .fold(0, |seed, &byte| seed << 8 | u64::from(byte));
        Self {
            rest: bytes,
            after: Seeded::new(seed),
        }
    }
}

impl Choices for Bytes<'_> {
    fn bits(&mut self, count: u32) -> u64 {
        (0..count / 8).fold(0, |bits, _| {
            // Bytes while there are any: the fuzzer changes one, and one choice changes with it.
            let byte = match self.rest.split_off_first() {
                Some(byte) => u64::from(*byte),
                None => self.after.bits(8),
            };
            bits << 8 | byte
        })
    }
}
