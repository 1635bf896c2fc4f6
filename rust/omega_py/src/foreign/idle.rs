//! The steps at which compiled code neither reads the account nor changes anything: whatever
//! happens there, it does nothing.

use super::frame::Shown;
use crate::memory::calls::Function;

/// Steps looked at in one call.
const AT_ONCE: usize = 4096;

/// So many steps are worth a call that looks for them.
const WORTH: usize = 8;

/// So often in a row a call may find fewer, before a step at which nothing is requested.
const PATIENCE: u32 = 64;

/// Finds the next step at which a callback does something.
pub(super) struct Idle {
    look: Function,
    /// It is idle at the steps before this one.
    next: usize,
    /// Whether it is known to do something at that one.
    is_known: bool,
    patience: u32,
}

impl Idle {
    pub(super) fn new(look: Function) -> Self {
        Self {
            look,
            next: 0,
            is_known: false,
            patience: PATIENCE,
        }
    }

    /// The first step from this one on at which it may do something.
    #[inline]
    pub(super) fn next(&mut self, step: usize, shown: &mut Shown) -> usize {
        if step > self.next || (step == self.next && !self.is_known) {
            self.find(step, shown);
        }
        self.next
    }

    fn find(&mut self, step: usize, shown: &mut Shown) {
        (self.next, self.is_known) = (step, true);
        if let Some(mut steps) = shown.show_ahead(step, AT_ONCE) {
            let code = self.look.walk(&mut shown.frame, &mut steps);
            let found = usize::try_from(steps.taken).unwrap_or(0);
            // What fails there fails again when the loop has reached it.
            self.is_known = code != 0;
            self.next += found + usize::from(code == 0);
            if found >= WORTH {
                self.patience = PATIENCE;
            }
        }
    }

    /// Notes that nothing was requested at a step that was found; gives whether a callback reads
    /// the account too often for this to be worth it.
    #[inline]
    pub(super) fn is_in_vain(&mut self) -> bool {
        self.patience = self.patience.saturating_sub(1);
        self.patience == 0
    }

    /// Notes that its state may have changed beside it.
    pub(super) fn forget(&mut self) {
        (self.next, self.is_known) = (0, false);
    }
}
