//! Status codes: with its number and code, anybody may read the state of a complaint, for example a
//! complainant who gave no name.

use std::sync::Arc;

use dossier::contract::{ComplaintId, ComplaintNumber};
use dossier::feedback::Complaint;
use engine::Loaded;
use engine::view::Question;
use platform::secret::Secret;
use rusqlite::OptionalExtension;
use web::{Problem, Request};

use super::reply::loaded;
use crate::App;

/// Header with the number of a complaint.
pub(super) const NUMBER: &str = "Complaint-Number";
pub(super) const NUMBER_HELP: &str =
    "The number of the complaint, in any case, with or without spaces.";
/// Header with the status code.
pub(super) const CODE: &str = "Status-Code";
pub(super) const CODE_HELP: &str = "The status code that was given with the number.";

/// Characters of a code: 12 of 5 bits each.
const CODE_CHARS: usize = 12;
/// The alphabet of Crockford's base 32, in which no two characters look alike.
const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J',
    'K', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

/// The status code of a complaint, in groups of four. It is derived, so that a repeated request
/// returns the same one.
pub(super) fn code(secret: &Secret, complaint: ComplaintId) -> String {
    let bits = secret.id(&[b"status-code", complaint.0.as_bytes()]).as_u128();
    let mut code = String::new();
    for place in 0..CODE_CHARS {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        let shift = u32::try_from(place).unwrap_or(0).saturating_mul(5);
        let index = usize::try_from(bits.checked_shr(shift).unwrap_or(0) & 31).unwrap_or(0);
        code.extend(ALPHABET.get(index));
    }
    code
}

/// The digest of a code that is recorded, and compared with that of a code that somebody gives: in
/// any case, with or without separators, and with the letters that are taken for digits.
pub(super) fn digest(secret: &Secret, complaint: ComplaintId, code: &str) -> String {
    let code: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect();
    secret.digest(&[b"status-digest", complaint.0.as_bytes(), code.as_bytes()])
}

/// The complaint whose number and status code are in the headers. A wrong number and a wrong code
/// get the same answer.
pub(super) async fn found(app: &App, request: &Request) -> Result<Arc<Loaded<Complaint>>, Problem> {
    let (number, code) = (header(request, NUMBER)?, header(request, CODE)?);
    request.catch_up(Some(&app.shown)).await?;
    let number = ComplaintNumber::typed(number).ok_or_else(Problem::not_found)?;
    let id = app.listed.query(Question::LookUp, move |rows| {
        rows.prepare_cached("SELECT id FROM complaints WHERE number = ?1")?
            .query_row([number.as_str()], |row| row.get::<_, String>(0))
            .optional()
    });
    let id = id.await?.and_then(|id| id.parse::<ComplaintId>().ok());
    let id = id.ok_or_else(Problem::not_found)?;
    let loaded = loaded(app, id).await?;
    let recorded = loaded.state.filed.as_ref().and_then(|filed| filed.status_digest.as_deref());
    if recorded == Some(&*digest(request.secret(), id, code)) {
        Ok(loaded)
    } else {
        Err(Problem::not_found())
    }
}

fn header<'a>(request: &'a Request, name: &'static str) -> Result<&'a str, Problem> {
    let value = request.headers.get(name).and_then(|value| value.to_str().ok());
    value.filter(|value| !value.trim().is_empty()).ok_or_else(|| Problem::invalid_header(name))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_code_is_the_same_each_time_and_matches_its_digest_however_it_is_typed() {
        let secret = Secret::new(vec![7; 32]);
        let (one, other) = (ComplaintId(Uuid::from_u128(1)), ComplaintId(Uuid::from_u128(2)));
        let given = code(&secret, one);
        assert_eq!(given, code(&secret, one));
        assert_ne!(given, code(&secret, other));
        assert_eq!((given.len(), given.matches('-').count()), (14, 2));
        let typed = given.replace('-', " ").replace('0', "o").replace('1', "l").to_lowercase();
        assert_eq!(digest(&secret, one, &typed), digest(&secret, one, &given));
        assert_ne!(digest(&secret, other, &given), digest(&secret, one, &given));
        assert_ne!(digest(&secret, one, ""), digest(&secret, one, &given));
    }
}
