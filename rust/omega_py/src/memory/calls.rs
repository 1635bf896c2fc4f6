//! Calls of functions of other languages, and what these call back.
//!
//! Nobody can check what such a function does: one that writes where it must not, or that goes on
//! using a frame after it has returned, breaks the process, as any C library does.

use std::cmp::Ordering;
use std::ffi::{CStr, c_char, c_void};

use crate::foreign::abi::{ActionRow, Chunk, Event, Frame, Track};
use crate::foreign::inbox::{Inbox, Words};

// SAFETY of a call of these: a function of this type is at its address, and does what omega.h
// states.
type Decides = unsafe extern "C" fn(*const Frame, *mut c_void) -> i32;
type Walks = unsafe extern "C" fn(*mut Frame, *mut Steps, *mut c_void) -> i32;
type Receives = unsafe extern "C" fn(*const Frame, *const Event, *mut c_void) -> i32;

/// The steps after one that compiled code decides at by itself, all in one chunk of the only track;
/// `omega/compiling/ahead.py` has the same.
// Called for each step, compiled code took half of its time for the call and what surrounds it.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Steps {
    /// How many there are.
    pub(crate) count: i64,
    /// At how many of them it decided.
    pub(crate) taken: i64,
    pub(crate) times: *const i64,
    /// Open profits at the closes before them; null where nothing is open, or equity is not read.
    pub(crate) profits: *const f64,
    pub(crate) balance: f64,
}

impl Steps {
    pub(crate) const NONE: Self = Self {
        count: 0,
        taken: 0,
        times: std::ptr::null(),
        profits: std::ptr::null(),
        balance: 0.0,
    };
}

/// The address of a function of another language, and of what it keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function {
    pub(crate) address: std::num::NonZeroUsize,
    pub(crate) context: usize,
}

impl Function {
    fn context(self) -> *mut c_void {
        std::ptr::with_exposed_provenance_mut(self.context)
    }

    /// Lets it decide; 0 means that all went well.
    #[inline]
    pub(crate) fn decide(self, frame: &Frame) -> i32 {
        // SAFETY: whoever gave the address stated that a function of this type is there; an address
        // has the size of a function pointer and is not null.
        let function: Decides = unsafe { std::mem::transmute(self.address.get()) };
        // SAFETY: the frame and all that it points to live longer than the call, and nothing else
        // touches them meanwhile; the context is the function's own.
        unsafe { function(frame, self.context()) }
    }

    /// Lets compiled code decide, and then at the steps after this one, until it requests
    /// something; the frame moves on with it.
    #[inline]
    pub(crate) fn walk(self, frame: &mut Frame, steps: &mut Steps) -> i32 {
        // SAFETY: as in `decide`; only addresses of what the compiler wrote come here.
        let function: Walks = unsafe { std::mem::transmute(self.address.get()) };
        // SAFETY: as in `decide`; so do the steps, whose columns have `count` values, and what
        // compiled code writes to are numbers of the frame and of its tracks.
        unsafe { function(frame, steps, self.context()) }
    }

    /// Hands over what happened.
    pub(crate) fn receive(self, frame: &Frame, event: &Event) -> i32 {
        // SAFETY: as in `decide`.
        let function: Receives = unsafe { std::mem::transmute(self.address.get()) };
        // SAFETY: as in `decide`; so does the event.
        unsafe { function(frame, event, self.context()) }
    }
}

/// What a frame's `push` is.
pub(crate) extern "C" fn push(core: *mut c_void, action: *const ActionRow) -> i64 {
    if core.is_null() || action.is_null() {
        return -1;
    }
    // SAFETY: `core` is what the frame had for this call, the inbox of its strategy, which nobody
    // else touches while the function runs; the caller states that `action` is one.
    let (inbox, action) = unsafe { (&mut *core.cast::<Inbox>(), &*action) };
    inbox.take(action, || words_of(action))
}

/// The texts of an action, copied.
fn words_of(action: &ActionRow) -> Words {
    let count = usize::try_from(action.tag_count).unwrap_or(0);
    let tags = if action.tags.is_null() || count == 0 {
        &[]
    } else {
        // SAFETY: the caller states that there are so many.
        unsafe { std::slice::from_raw_parts(action.tags, count) }
    };
    Words {
        reason: text(action.reason),
        oco: text(action.oco),
        tags: tags.iter().filter_map(|tag| text(*tag)).collect(),
    }
}

fn text(given: *const c_char) -> Option<String> {
    if given.is_null() {
        return None;
    }
    // SAFETY: the caller states that it is a text that ends with 0.
    let text = unsafe { CStr::from_ptr(given) };
    Some(text.to_string_lossy().into_owned())
}

/// The sum of numbers in a row, in the order of `NumPy`, which adds in pairs of blocks.
///
/// Source: `pairwise_sum` in `NumPy`, `numpy/_core/src/umath/loops_utils.h.src`.
pub(crate) extern "C" fn sum(values: *const f64, count: i64) -> f64 {
    let count = usize::try_from(count).unwrap_or(0);
    if values.is_null() || count == 0 {
        return 0.0;
    }
    // SAFETY: compiled code gives the place of an array and its length.
    let values = unsafe { std::slice::from_raw_parts(values, count) };
    pairwise(values)
}

fn pairwise(values: &[f64]) -> f64 {
    const BLOCK: usize = 128;
    if values.len() < 8 {
        return values.iter().fold(-0.0, |sum, value| sum + value);
    }
    if values.len() > BLOCK {
        let half = values.len() / 2;
        let (some, others) = values.split_at(half - half % 8);
        return pairwise(some) + pairwise(others);
    }
    let mut blocks = values.chunks_exact(8);
    let mut sums = [0.0; 8];
    if let Some(first) = blocks.next() {
        sums.copy_from_slice(first);
    }
    for block in &mut blocks {
        for (sum, value) in sums.iter_mut().zip(block) {
            *sum += value;
        }
    }
    let pair = |first: usize| sums[first] + sums[first + 1];
    let sum = (pair(0) + pair(2)) + (pair(4) + pair(6));
    blocks
        .remainder()
        .iter()
        .fold(sum, |sum, value| sum + value)
}

/// Puts numbers in order, equal ones in the order that they have: floats, whole numbers or truths.
/// Gives 0 where one is NaN.
pub(crate) extern "C" fn sort(items: *mut c_void, count: i64, kind: i64) -> i64 {
    let count = usize::try_from(count).unwrap_or(0);
    if items.is_null() || count == 0 {
        return 1;
    }
    match kind {
        0 => {
            // SAFETY: compiled code gives the place of a list that it makes, its length and kind.
            let floats = unsafe { std::slice::from_raw_parts_mut(items.cast::<f64>(), count) };
            if floats.iter().any(|one| one.is_nan()) {
                return 0;
            }
            floats.sort_by(|one, other| one.partial_cmp(other).unwrap_or(Ordering::Equal));
        }
        1 => {
            // SAFETY: as above.
            let wholes = unsafe { std::slice::from_raw_parts_mut(items.cast::<i64>(), count) };
            wholes.sort_unstable();
        }
        _ => {
            // SAFETY: as above; truths are bytes.
            let truths = unsafe { std::slice::from_raw_parts_mut(items.cast::<u8>(), count) };
            truths.sort_unstable();
        }
    }
    1
}

/// Puts the values of a column from one bar on in a row, where they lie in several chunks or follow
/// from the bid. Columns are open to close of the bid, of the ask, and the volume; gives 0 where
/// the data has none.
pub(crate) extern "C" fn gather(
    track: *const Track,
    column: i64,
    first: i64,
    count: i64,
    into: *mut f64,
) -> i64 {
    let Ok(count) = usize::try_from(count) else {
        return 0;
    };
    // SAFETY: compiled code gives a track of its frame, bars that it shows, and room for them.
    let (track, into) = unsafe { (&*track, std::slice::from_raw_parts_mut(into, count)) };
    let chunk_count = usize::try_from(track.chunk_count).unwrap_or(0);
    // SAFETY: so many stand there.
    let chunks = unsafe { std::slice::from_raw_parts(track.chunks, chunk_count) };
    for (value, index) in into.iter_mut().zip(first..) {
        let place = chunks.partition_point(|chunk| chunk.first + chunk.bars <= index);
        let Some(found) = chunks
            .get(place)
            .and_then(|chunk| chunk.value(column, index))
        else {
            return 0;
        };
        *value = found;
    }
    1
}

impl Chunk {
    /// A value of a column at a bar that it holds.
    fn value(&self, column: i64, index: i64) -> Option<f64> {
        let offset = usize::try_from(index - self.first).ok()?;
        let at = |column: *const f64| {
            // SAFETY: each column of a chunk has a value for each of its bars.
            (!column.is_null()).then(|| unsafe { *column.add(offset) })
        };
        let bids = [self.bid_open, self.bid_high, self.bid_low, self.bid_close];
        let asks = [self.ask_open, self.ask_high, self.ask_low, self.ask_close];
        match usize::try_from(column).ok()? {
            price @ 0..4 => at(bids[price]),
            side @ 4..8 => at(asks[side - 4]).or_else(|| {
                let above = at(self.spread).unwrap_or(self.ask_offset);
                Some(at(bids[side - 4])? + above)
            }),
            _ => at(self.volume),
        }
    }
}

/// What compiled strategies call, by name.
pub(crate) fn functions() -> Vec<(&'static str, usize)> {
    vec![
        ("omega_sum", sum as *const () as usize),
        ("omega_sort", sort as *const () as usize),
        ("omega_gather", gather as *const () as usize),
    ]
}
