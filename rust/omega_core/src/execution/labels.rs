//! What a strategy writes on an order.

use std::sync::Arc;

/// The words of an order, shared by its row, its position and its trades; most orders have none,
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
    /// The name of a group, the strategy's own words, and its own marks.
    #[must_use]
    pub fn new(group: Option<String>, reason: Option<String>, tags: Vec<String>) -> Self {
        if group.is_none() && reason.is_none() && tags.is_empty() {
            return Self(None);
        }
        Self(Some(Arc::new(Words {
            group,
            reason,
            tags,
        })))
    }

    /// Name of the order's group, of which one fill cancels the rest (F8).
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.0.as_ref()?.group.as_deref()
    }

    /// The strategy's own words.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.0.as_ref()?.reason.as_deref()
    }

    /// The strategy's own marks.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        self.0.as_ref().map_or(&[], |words| &words.tags)
    }
}
