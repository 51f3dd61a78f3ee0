//! A query as an expression of FTS5.

use dossier::contract::{AgencyCode, Role};
use dossier::search::{Query, Word};

use super::index::Kind;
use super::key::{Key, Of, Part};

/// The dossiers or complaints that a caller may find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rights {
    /// Those of an applicant or complainant, named as by [`dossier::contract::party_name`].
    Own(String),
    /// Those of agencies and the agencies below them, or of all if `agencies` is absent, to which
    /// none of `parties` is a party, by the words that `role` may read.
    Officer { role: Role, agencies: Option<Vec<AgencyCode>>, parties: Vec<String> },
}

impl Rights {
    /// The fields by whose words records are found.
    fn parts(&self) -> Vec<Part> {
        let role = match self {
            Self::Own(_) => Role::Applicant,
            Self::Officer { role, .. } => *role,
        };
        Part::ALL.into_iter().filter(|part| part.audience().has(role)).collect()
    }
}

/// The expression of a query for records of this kind within these rights.
pub(super) fn of(key: &Key, kind: Kind, query: &Query, rights: &Rights) -> String {
    let parts = rights.parts();
    let term = |term: &str| any(parts.iter().map(|part| key.token(Of::Word(*part), term)));
    let words = query.words().iter().map(|word| of_word(term, word)).collect::<Vec<_>>();
    let number = query.number().map(term);
    let words = any(std::iter::once(words.join(" AND ")).chain(number));
    let mut all = vec![words, key.token(Of::Kind, kind.as_str())];
    match rights {
        Rights::Own(owner) => {
            all.push(key.token(Of::Owner, owner));
            all.join(" AND ")
        }
        Rights::Officer { agencies, parties, .. } => {
            if let Some(agencies) = agencies {
                let tokens = agencies.iter().map(|one| key.token(Of::Agency, one.as_str()));
                all.push(any(tokens));
            }
            let all = all.join(" AND ");
            if parties.is_empty() {
                return all;
            }
            let parties = any(parties.iter().map(|one| key.token(Of::Party, one)));
            format!("({all}) NOT {parties}")
        }
    }
}

fn of_word(of_term: impl Fn(&str) -> String, Word(alternatives): &Word) -> String {
    any(alternatives.iter().map(|all| {
        let terms = all.iter().map(|term| of_term(term)).collect::<Vec<_>>();
        format!("({})", terms.join(" AND "))
    }))
}

fn any(expressions: impl Iterator<Item = String>) -> String {
    format!("({})", expressions.collect::<Vec<_>>().join(" OR "))
}
