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

/// What a record must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sought {
    /// The words, as an expression of FTS5.
    words: String,
    /// Rights: of each of these, one token.
    one_of: Vec<Vec<String>>,
    /// Rights that it must not have.
    none_of: Vec<String>,
}

impl Sought {
    /// Whether a record with these rights is admitted.
    pub(super) fn admits(&self, rights: &str) -> bool {
        self.one_of.iter().all(|tokens| has_one(rights, tokens)) && !has_one(rights, &self.none_of)
    }

    /// An expression of FTS5 that finds all records which are admitted, and others. It leaves out
    /// rights that nearly all records have by `sample`, the rights of some of them: FTS5 would look
    /// for each of its candidates in a list that has nearly all records.
    pub(super) fn expression(&self, sample: &[String]) -> String {
        let is_common = |tokens: &Vec<String>| {
            let with = sample.iter().filter(|rights| has_one(rights, tokens)).count();
            with * COMMON.1 >= sample.len() * COMMON.0
        };
        let selective = self.one_of.iter().filter(|tokens| !is_common(tokens));
        let selective = selective.map(|tokens| any(tokens.iter().cloned()));
        std::iter::once(self.words.clone()).chain(selective).collect::<Vec<_>>().join(" AND ")
    }
}

/// The share of a sample from which on a right is left to [`Sought::admits`].
const COMMON: (usize, usize) = (3, 4);

/// Whether one of the tokens is among those of `rights`.
fn has_one(rights: &str, tokens: &[String]) -> bool {
    rights.split(' ').any(|right| tokens.iter().any(|token| token == right))
}

/// What a query seeks among the records of this kind within these rights.
pub(super) fn of(key: &Key, kind: Kind, query: &Query, rights: &Rights) -> Sought {
    let parts = rights.parts();
    let term = |term: &str| any(parts.iter().map(|part| key.token(Of::Word(*part), term)));
    let words = query.words().iter().map(|word| of_word(term, word)).collect::<Vec<_>>();
    let number = query.number().map(term);
    let words = any(std::iter::once(words.join(" AND ")).chain(number));
    let mut one_of = vec![vec![key.token(Of::Kind, kind.as_str())]];
    let mut none_of = Vec::new();
    match rights {
        Rights::Own(owner) => one_of.push(vec![key.token(Of::Owner, owner)]),
        Rights::Officer { agencies, parties, .. } => {
            one_of.extend(agencies.as_ref().map(|agencies| {
                agencies.iter().map(|one| key.token(Of::Agency, one.as_str())).collect()
            }));
            none_of.extend(parties.iter().map(|one| key.token(Of::Party, one)));
        }
    }
    Sought { words, one_of, none_of }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn list(tokens: &[&str]) -> Vec<String> {
        tokens.iter().map(|token| (*token).to_owned()).collect()
    }

    impl Sought {
        pub(in crate::search) fn of_words(words: &str, one_of: &[&str], none_of: &[&str]) -> Self {
            let (words, one_of, none_of) = (words.to_owned(), vec![list(one_of)], list(none_of));
            Self { words, one_of, none_of }
        }
    }

    fn sought() -> Sought {
        let mut sought = Sought::of_words("(lan)", &["dossier"], &["me"]);
        sought.one_of.push(list(&["north", "south"]));
        sought
    }

    #[test]
    fn a_record_is_admitted_with_one_right_of_each_list_and_none_that_is_excluded() {
        assert!(sought().admits("applicant south dossier"));
        assert!(!sought().admits("applicant south complaint"));
        assert!(!sought().admits("applicant east dossier"));
        assert!(!sought().admits("applicant southern dossier"));
        assert!(!sought().admits("me south dossier"));
    }

    #[test]
    fn rights_that_nearly_all_records_have_are_not_looked_up_for_each_candidate() {
        let sample = |rights: [&str; 4]| rights.map(str::to_owned);
        let rare = sample(["dossier east", "dossier south", "dossier east", "dossier east"]);
        assert_eq!(sought().expression(&rare), "(lan) AND (north OR south)");
        let common = sample(["dossier north", "dossier south", "dossier east", "dossier north"]);
        assert_eq!(sought().expression(&common), "(lan)");
        assert_eq!(sought().expression(&[]), "(lan)", "there is nothing to find");
    }
}
