//! A column of known length, to which one value is appended for each bar.
//!
//! Long columns lie in large pages where the system has them. A fresh page of the usual size costs
//! more than writing the values in it, and a run over millions of bars touches a hundred thousand
//! of them.

use arrow_buffer::{Buffer, ScalarBuffer};
use memmap2::{MmapMut, MmapOptions};

use super::EquityWalk;
use crate::run_length::Changes;

/// From so many bytes on, the column lies in large pages.
const LARGE: usize = 4 << 20;

/// Values gathered before they are written together: a multiple of 8, as `Changes` requires.
const STAGED: usize = 512;

/// Values so far, with room for those to come.
#[derive(Debug)]
pub(super) struct Column {
    /// The newest values; all of them where they go nowhere else.
    staged: Vec<f64>,
    to: Sink,
}

/// Where values go when the stage is full.
#[derive(Debug)]
enum Sink {
    Staged,
    Pages { pages: MmapMut, written: usize },
    Stream(Box<EquityStream>),
}

/// What is kept of equities instead of the rows.
#[derive(Debug)]
pub(crate) struct EquityStream {
    pub(crate) walk: EquityWalk,
    /// What the fingerprint hashes, where there is to be one.
    pub(crate) changes: Option<Changes>,
}

impl EquityStream {
    fn add(&mut self, rows: &[f64]) {
        self.walk.add(rows);
        if let Some(changes) = &mut self.changes {
            changes.add(rows);
        }
    }
}

impl Column {
    /// A column with room for so many values, in memory of another one where that has been long
    /// enough.
    pub(super) fn with_room(values: usize, memory: Vec<f64>) -> Self {
        let bytes = values * size_of::<f64>();
        // Short columns would waste most of a large page.
        let pages = (bytes >= LARGE).then(|| large_pages(bytes)).flatten();
        match pages {
            Some(pages) => Self::to(Sink::Pages { pages, written: 0 }, STAGED, memory),
            None => Self::to(Sink::Staged, values, memory),
        }
    }

    /// A column that keeps none of its values.
    pub(super) fn streamed(stream: EquityStream, memory: Vec<f64>) -> Self {
        Self::to(Sink::Stream(Box::new(stream)), STAGED, memory)
    }

    fn to(to: Sink, room: usize, mut staged: Vec<f64>) -> Self {
        staged.clear();
        staged.reserve(room);
        Self { staged, to }
    }

    /// Adds a value.
    #[inline]
    pub(super) fn push(&mut self, value: f64) {
        if self.staged.len() == STAGED {
            self.write();
        }
        self.staged.push(value);
    }

    /// Adds the same value so many times.
    #[inline]
    pub(super) fn push_many(&mut self, value: f64, times: usize) {
        // A strategy with a callback on each bar writes its rows one by one.
        if times == 1 {
            self.push(value);
        } else {
            self.extend(std::iter::repeat_n(value, times));
        }
    }

    /// Adds values.
    pub(super) fn extend(&mut self, mut values: impl ExactSizeIterator<Item = f64>) {
        if matches!(self.to, Sink::Staged) || self.staged.len() + values.len() <= STAGED {
            // As one, whose length is known: a part of it would be added value by value.
            self.staged.extend(values);
            return;
        }
        while values.len() > 0 {
            if self.staged.len() == STAGED {
                self.write();
            }
            let room = STAGED - self.staged.len();
            self.staged.extend(values.by_ref().take(room));
        }
    }

    /// The newest value.
    pub(super) fn last(&self) -> Option<f64> {
        // What is written is written only to make room for the next value.
        self.staged.last().copied()
    }

    /// Replaces the newest value.
    pub(super) fn replace_last(&mut self, value: f64) {
        if let Some(last) = self.staged.last_mut() {
            *last = value;
        }
    }

    #[inline(never)]
    fn write(&mut self) {
        match &mut self.to {
            Sink::Staged => return,
            Sink::Pages { pages, written } => {
                let values: &mut [f64] = bytemuck::cast_slice_mut(pages);
                let end = *written + self.staged.len();
                values[*written..end].copy_from_slice(&self.staged);
                *written = end;
            }
            Sink::Stream(stream) => stream.add(&self.staged),
        }
        self.staged.clear();
    }

    /// The values as an Arrow buffer; their memory is the column's own. None of a stream.
    pub(super) fn into_buffer(mut self) -> ScalarBuffer<f64> {
        self.write();
        match self.to {
            Sink::Staged | Sink::Stream(_) => self.staged.into(),
            Sink::Pages { pages, written } => {
                let buffer = Buffer::from(bytes::Bytes::from_owner(pages));
                ScalarBuffer::new(buffer, 0, written)
            }
        }
    }

    /// What was made of all values where none are kept, and the memory of the column.
    pub(super) fn into_stream(mut self) -> (Option<EquityStream>, Vec<f64>) {
        self.write();
        match self.to {
            Sink::Stream(stream) => (Some(*stream), self.staged),
            Sink::Staged | Sink::Pages { .. } => (None, self.staged),
        }
    }
}

/// Memory of the process's own in large pages; `None` where the system has none to give.
fn large_pages(bytes: usize) -> Option<MmapMut> {
    // With them a run over 5,000,000 bars has 398 page faults, where the same memory has 24,414
    // pages of the usual size.
    let pages = MmapOptions::new().len(bytes).map_anon().ok()?;
    #[cfg(target_os = "linux")]
    pages.advise(memmap2::Advice::HugePage).ok()?;
    Some(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_out_as_they_went_in_in_small_and_in_large_columns() {
        for length in [0, 1, 511, 512, 513, 1_100, LARGE / 8 + 700] {
            let mut column = Column::with_room(length, vec![7.0; 600]);
            #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
            let values: Vec<f64> = (0..length).map(|value| value as f64).collect();
            for &value in &values {
                column.push(-1.0);
                assert_eq!(column.last(), Some(-1.0));
                column.replace_last(value);
            }
            assert_eq!(column.into_buffer(), ScalarBuffer::from(values));
        }
    }

    #[test]
    fn one_value_many_times() {
        let mut column = Column::with_room(LARGE, Vec::new());
        column.push_many(7.0, 1_300);
        assert!(column.into_buffer().iter().eq([7.0; 1_300].iter()));
    }
}
