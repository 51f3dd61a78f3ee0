//! Filters by prefix, which the server compares by culture: some invisible characters are ignored
//! at any place.

use super::Record;
use crate::wire::read::{Filter as Wanted, FilterOptions};

/// Ignored characters: those observed; the server's culture ignores more.
const IGNORED: [char; 7] = [
    '\0', '\u{1}', '\u{ad}',   // soft hyphen
    '\u{200c}', // zero width non-joiner
    '\u{200d}', // zero width joiner
    '\u{2060}', // word joiner
    '\u{feff}', // byte order mark
];

/// The events that a read of the log returns.
#[derive(Debug, Clone)]
pub(crate) enum Filter {
    Everything,
    Streams(Vec<String>),
    Kinds(Vec<String>),
}

impl Filter {
    /// `None` for a regular expression, which the double does not support.
    pub(crate) fn read(options: Option<&FilterOptions>) -> Option<Self> {
        let Some(options) = options else { return Some(Self::Everything) };
        match options.filter.as_ref()? {
            Wanted::Stream(said) if said.regex.is_empty() => {
                Some(Self::Streams(said.prefix.clone()))
            }
            Wanted::Type(said) if said.regex.is_empty() => Some(Self::Kinds(said.prefix.clone())),
            Wanted::Stream(_) | Wanted::Type(_) => None,
        }
    }

    pub(crate) fn passes(&self, record: &Record) -> bool {
        let any = |prefixes: &[String], text: &str| {
            prefixes.iter().any(|prefix| begins_with(text, prefix))
        };
        match self {
            Self::Everything => true,
            Self::Streams(prefixes) => any(prefixes, &record.stream),
            Self::Kinds(prefixes) => any(prefixes, &record.kind),
        }
    }
}

fn begins_with(text: &str, prefix: &str) -> bool {
    if text.starts_with(prefix) {
        return true;
    }
    let mut seen = text.chars().filter(|character| !IGNORED.contains(character));
    let mut wanted = prefix.chars().filter(|character| !IGNORED.contains(character));
    wanted.all(|character| seen.next() == Some(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_nobody_sees_count_for_nothing_in_a_prefix() {
        for ignored in IGNORED {
            for name in [
                format!("dossier{ignored}.x"),
                format!("dos{ignored}sier.x"),
                format!("{ignored}dossier.x"),
                format!("dossier.{ignored}x"),
            ] {
                assert!(begins_with(&name, "dossier."), "{name:?}");
            }
        }
    }

    #[test]
    fn every_other_character_counts() {
        for name in ["dossierx.y", "Dossier.x", "dossier", "dossier x", "dossie\u{301}r.x", ""] {
            assert!(!begins_with(name, "dossier."), "{name:?}");
        }
        assert!(begins_with("", "") && begins_with("any", ""));
    }
}
