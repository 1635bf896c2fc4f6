//! Calls of functions of other languages, and what these call back.
//!
//! Nobody can check what such a function does: one that writes where it must not, or that goes on
//! using a frame after it has returned, breaks the process, as any C library does.

use std::ffi::{CStr, c_char, c_void};

use crate::foreign::abi::{ActionRow, Event, Frame};
use crate::foreign::inbox::{Inbox, Words};

/// Adds an action; gives the number of its order, or -1 where it is refused.
pub(crate) type Push = extern "C" fn(*mut c_void, *const ActionRow) -> i64;

// SAFETY of a call of these: a function of this type is at its address, and does what omega.h
// states.
type Decides = unsafe extern "C" fn(*const Frame, *mut c_void) -> i32;
type Hears = unsafe extern "C" fn(*const Frame, *const Event, *mut c_void) -> i32;

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

    /// Tells it what happened.
    pub(crate) fn hear(self, frame: &Frame, event: &Event) -> i32 {
        // SAFETY: as in `decide`.
        let function: Hears = unsafe { std::mem::transmute(self.address.get()) };
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
