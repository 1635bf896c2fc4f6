//! Where the numbers of a random run come from: a seed, or the bytes of a fuzzer.

/// Random choices; every one is made of a few bits.
pub trait Choices {
    /// So many random bits, at most 64.
    fn bits(&mut self, count: u32) -> u64;

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: u64) -> u64 {
        let count = 64 - (bound - 1).leading_zeros();
        if count == 0 {
            0
        } else {
            self.bits((count + 7) & !7) % bound
        }
    }

    /// A number from `low` to `high`, both included.
    fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).unwrap_or(0);
        low + i64::try_from(self.below(span + 1)).unwrap_or(0)
    }

    /// A number below a small bound, as an index or a count.
    fn index(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).unwrap_or(0)
    }

    /// True once in so many times.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) + 1 == times
    }

    /// One of a few values.
    fn pick<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.index(values.len())].clone()
    }
}

/// Choices that a seed and a counter decide: `SplitMix64` (Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub struct Seeded {
    seed: u64,
    counter: u64,
}

impl Seeded {
    /// The choices of one seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, counter: 0 }
    }
}

impl Choices for Seeded {
    fn bits(&mut self, count: u32) -> u64 {
        self.counter += 1;
        let step = self.counter.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mix(mix(self.seed).wrapping_add(step)) >> (64 - count)
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
