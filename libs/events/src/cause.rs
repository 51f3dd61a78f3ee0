//! The underlying error of an engine, a driver or a parser.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// An underlying error, shared so that errors of the store can be cloned. It is displayed with its
/// own sources, because logs show one line per error; [`Error::source`] returns the error itself.
#[derive(Debug, Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    /// From an error, or from a text where the engine reports nothing more.
    #[must_use]
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&chain(&*self.0))
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// The text of an error with its sources, separated by colons. A source whose text is already there
/// is left out.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("connecting failed")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn a_cause_is_shown_with_its_sources_once_and_keeps_them() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let cause = Cause::new(Outer(refused));
        assert_eq!(cause.to_string(), "connecting failed: connection refused");
        assert_eq!(chain(&cause), "connecting failed: connection refused");
        let outer = cause.source().unwrap();
        assert!(outer.is::<Outer>(), "the error itself, not its text");
        assert!(outer.source().unwrap().is::<std::io::Error>());
    }

    #[test]
    fn a_text_is_a_cause_where_the_engine_reports_nothing_more() {
        assert_eq!(Cause::new("the writer has stopped").to_string(), "the writer has stopped");
    }
}
