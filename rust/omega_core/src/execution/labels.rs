//! Group, reason and tags of an order.

use std::sync::Arc;

/// Group, reason and tags, shared by an order, its position and its trades; most orders have none,
/// and then they take no memory of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(Option<Arc<Words>>);

#[derive(Debug, PartialEq, Eq)]
struct Words {
    group: Option<String>,
    reason: Option<String>,
    tags: Vec<String>,
}

impl Labels {
    /// Those that a strategy gives.
    #[must_use]
    pub fn new(group: Option<String>, reason: Option<String>, tags: Vec<String>) -> Self {
        // Shared, since the text goes from the order to its position and each of its trades: an
        // order went from 192 to 128 bytes, a position from 272 to 232, a trade from 248 to 208.
        if group.is_none() && reason.is_none() && tags.is_empty() {
            return Self(None);
        }
        Self(Some(Arc::new(Words {
            group,
            reason,
            tags,
        })))
    }

    /// The same without a group.
    #[must_use]
    pub fn without_group(&self) -> Self {
        let reason = self.reason().map(str::to_owned);
        Self::new(None, reason, self.tags().to_vec())
    }

    /// Name of the order's group, of which one fill cancels the rest (F8).
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.0.as_ref()?.group.as_deref()
    }

    /// The reason that the strategy gave.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.0.as_ref()?.reason.as_deref()
    }

    /// The tags that the strategy gave.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        self.0.as_ref().map_or(&[], |words| &words.tags)
    }
}
