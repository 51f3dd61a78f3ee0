//! Status codes: with its number and code, anybody may read the state of a complaint, for example a
//! complainant who gave no name.

use dossier::contract::ComplaintId;
use platform::secret::Secret;

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
