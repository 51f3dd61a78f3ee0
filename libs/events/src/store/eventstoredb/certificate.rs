//! When a certificate ends: nobody who verifies it says so before.

use std::time::Duration;

use crate::limits::CERTIFICATE_ENDS_SOON;

/// Until when an X.509 certificate is valid, since the beginning of 1970; nothing if it cannot be read. Of its structure (RFC
/// 5280, section 4.1) what is before the validity is skipped.
pub(super) fn valid_until(der: &[u8]) -> Option<Duration> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    let (certificate, _) = element(der, SEQUENCE)?;
    let (mut rest, _) = element(certificate, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = element(rest, VERSION)?.1;
    }
    // Serial number, algorithm, issuer.
    for _ in 0..3 {
        rest = element(rest, *rest.first()?)?.1;
    }
    let (validity, _) = element(rest, SEQUENCE)?;
    let (_, after) = element(validity, *validity.first()?)?;
    let kind = *after.first()?;
    seconds(kind, std::str::from_utf8(element(after, kind)?.0).ok()?)
}

/// What is in an element of this kind, and what is behind it.
fn element(der: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..0x80 => (usize::from(*length), rest),
        _ => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            let many = bytes.len() <= size_of::<u32>();
            let length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            (many.then_some(length)?, rest)
        }
    };
    (*first == kind).then_some(())?;
    rest.split_at_checked(length)
}

/// `UTCTime` (`YYMMDDHHMMSSZ`) or `GeneralizedTime` (`YYYYMMDDHHMMSSZ`).
fn seconds(kind: u8, text: &str) -> Option<Duration> {
    const UTC_TIME: u8 = 0x17;
    let digits = text.strip_suffix('Z')?;
    let (year, digits) = digits.split_at_checked(if kind == UTC_TIME { 2 } else { 4 })?;
    let year: u64 = year.parse().ok()?;
    let year = match kind {
        UTC_TIME if year < 50 => year + 2000,
        UTC_TIME => year + 1900,
        _ => year,
    };
    let mut parts = [0_u64; 5];
    for (place, part) in parts.iter_mut().enumerate() {
        *part = digits.get(place * 2..place * 2 + 2)?.parse().ok()?;
    }
    let [month, day, hours, minutes, seconds] = parts;
    if !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    // Days of the proleptic Gregorian calendar, from March on, so that a leap day is the last one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    let days = days.checked_sub(719_468)?;
    Some(Duration::from_secs(((days * 24 + hours) * 60 + minutes) * 60 + seconds))
}

/// Whole days that are left, if it ends soon; both since the beginning of 1970.
pub(super) fn ends_soon(until: Duration, now: Duration) -> Option<u64> {
    let left = until.saturating_sub(now);
    (left <= CERTIFICATE_ENDS_SOON).then_some(left.as_secs() / (24 * 60 * 60))
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    #[test]
    fn the_last_day_of_a_certificate_is_read_from_it() {
        // 29 October 2126, 14:20:52: a date beyond 2050, which is written with four digits of the year.
        let pem = include_bytes!("../../../tests/it/tls/server.crt");
        let der = CertificateDer::from_pem_slice(pem).unwrap();
        assert_eq!(valid_until(&der), Some(Duration::from_secs(4_948_957_252)));
        assert_eq!(valid_until(&der[..100]), None);
        assert_eq!(seconds(0x17, "700101000000Z"), Some(Duration::ZERO));
        assert_eq!(seconds(0x17, "240229120000Z"), Some(Duration::from_secs(1_709_208_000)));
        assert_eq!(seconds(0x18, "20000301000000Z"), Some(Duration::from_secs(951_868_800)));
        assert_eq!(seconds(0x17, "241301000000Z"), None);
    }

    #[test]
    fn thirty_days_before_it_ends_is_soon() {
        let until = DAY * 1_000;
        assert_eq!(ends_soon(until, DAY * 969), None);
        assert_eq!(ends_soon(until, DAY * 970), Some(30));
        assert_eq!(ends_soon(until, DAY * 999), Some(1));
        assert_eq!(ends_soon(until, DAY * 1_001), Some(0));
    }
}
