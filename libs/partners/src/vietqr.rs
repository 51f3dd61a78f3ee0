//! VietQR: the text of a QR code by which a bank app fills in a transfer. Source: EMVCo QR Code
//! Specification for Payment Systems, merchant-presented mode, 1.1; NAPAS, VietQR 1.5.2 (service
//! `QRIBFTTA`, a transfer to an account).

use crate::finding::Findings;
use crate::partner::Account;
use crate::terms::Vnd;

/// Maximum length of the memo (field 62, part 08), in characters.
pub const MEMO_MAX: usize = 25;
/// Length of a bank's number (BIN).
pub const BANK_DIGITS: usize = 6;
/// Maximum length of an account number.
pub const NUMBER_MAX: usize = 19;

/// The text of a code for a transfer of this amount to this account.
///
/// # Errors
///
/// Values that a field cannot have.
pub fn payload(account: &Account, amount: Vnd, memo: &str) -> Result<String, Findings> {
    let mut found = Findings::default();
    if amount.0 <= 0 || amount.0.to_string().len() > 13 {
        found.add("/amount", "phải là số tiền dương", "is a positive amount of at most 13 digits");
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" .-".contains(&byte);
    if memo.is_empty() || memo.len() > MEMO_MAX || !memo.bytes().all(plain) {
        let (vi, en) = (
            format!("là 1 đến {MEMO_MAX} chữ số, chữ cái không dấu, dấu cách, `.` hoặc `-`"),
            format!("is 1 to {MEMO_MAX} ASCII letters, digits, spaces, `.` or `-`"),
        );
        found.add("/memo", vi, en);
    }
    let bank = field("00", &account.bank) + &field("01", &account.number);
    let merchant = field("00", "A000000727") + &field("01", &bank) + &field("02", "QRIBFTTA");
    let text = field("00", "01")
        // 12: a code for one payment.
        + &field("01", "12")
        + &field("38", &merchant)
        + &field("53", "704")
        + &field("54", &amount.0.to_string())
        + &field("58", "VN")
        + &field("62", &field("08", memo))
        + "6304";
    let sum = crc16(text.as_bytes());
    found.or(format!("{text}{sum:04X}"))
}

/// A field: its number, the length of its value, and the value.
fn field(id: &str, value: &str) -> String {
    format!("{id}{:02}{value}", value.len())
}

/// CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xFFFF (EMVCo, 4.7.3).
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte) << 8, |sum, _| {
            if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            agency: "G02".to_owned(),
            bank: "970415".to_owned(),
            number: "113366668888".to_owned(),
            holder: "KHO BAC".to_owned(),
        }
    }

    #[test]
    fn the_sum_is_that_of_the_standard() {
        assert_eq!(crc16(b"123456789"), 0x29B1);
    }

    #[test]
    fn a_code_has_the_fields_of_vietqr() {
        let text = payload(&account(), Vnd(79_000), "Ung Ho Quy Vac Xin").unwrap();
        let (fields, sum) = text.split_at(text.len() - 4);
        assert_eq!(
            fields,
            "00020101021238560010A0000007270126000697041501121133666688880208QRIBFTTA530370454\
             05790005802VN62220818Ung Ho Quy Vac Xin6304"
        );
        assert_eq!(sum, format!("{:04X}", crc16(fields.as_bytes())));
    }

    #[test]
    fn values_that_a_field_cannot_have_are_found_at_once() {
        let found = payload(&account(), Vnd(0), "lệ phí").unwrap_err();
        let at: Vec<&str> = found.0.iter().map(|one| &*one.pointer).collect();
        assert_eq!(at, ["/amount", "/memo"]);
    }
}
