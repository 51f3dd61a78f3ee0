//! Amounts of money in Vietnamese words, as receipts must have them (Decree 254/2026/NĐ-CP, art.
//! 23.2).

const DIGITS: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];
const BILLION: u64 = 1_000_000_000;

/// The amount in đồng in words, beginning with a capital letter, for example `Hai mươi mốt triệu
/// đồng`.
#[must_use]
pub fn amount_in_words(vnd: i64) -> String {
    let mut words = Vec::new();
    if vnd < 0 {
        words.push("âm");
    }
    match vnd.unsigned_abs() {
        0 => words.push(DIGITS[0]),
        amount => read(amount, false, &mut words),
    }
    words.push("đồng");
    let text = words.join(" ");
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(chars).collect()
}

/// Appends a number. `follows`: another group comes before it, so hundreds are read even if zero.
fn read(number: u64, follows: bool, words: &mut Vec<&'static str>) {
    let (billions, rest) = (number / BILLION, number % BILLION);
    if billions > 0 {
        read(billions, follows, words);
        words.push("tỷ");
    }
    let mut follows = follows || billions > 0;
    for (size, name) in [(1_000_000, Some("triệu")), (1_000, Some("nghìn")), (1, None)] {
        let group = rest / size % 1_000;
        if group > 0 {
            hundreds(group, follows, words);
            words.extend(name);
            follows = true;
        }
    }
}

/// Appends a number from 1 to 999.
fn hundreds(group: u64, follows: bool, words: &mut Vec<&'static str>) {
    let digit = |value: u64| DIGITS[usize::try_from(value % 10).unwrap_or(0)];
    let (hundred, ten, one) = (group / 100, group / 10 % 10, group % 10);
    let has_hundreds = hundred > 0 || follows;
    if has_hundreds {
        words.extend([digit(hundred), "trăm"]);
    }
    match ten {
        0 if one > 0 && has_hundreds => words.push("lẻ"),
        0 => {}
        1 => words.push("mười"),
        _ => words.extend([digit(ten), "mươi"]),
    }
    match (ten, one) {
        (_, 0) => {}
        (2.., 1) => words.push("mốt"),
        (2.., 4) => words.push("tư"),
        (1.., 5) => words.push("lăm"),
        _ => words.push(digit(one)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_on_a_receipt() {
        for (amount, words) in [
            (0, "Không đồng"),
            (1, "Một đồng"),
            (10, "Mười đồng"),
            (11, "Mười một đồng"),
            (14, "Mười bốn đồng"),
            (15, "Mười lăm đồng"),
            (20, "Hai mươi đồng"),
            (21, "Hai mươi mốt đồng"),
            (24, "Hai mươi tư đồng"),
            (55, "Năm mươi lăm đồng"),
            (100, "Một trăm đồng"),
            (101, "Một trăm lẻ một đồng"),
            (105, "Một trăm lẻ năm đồng"),
            (110, "Một trăm mười đồng"),
            (115, "Một trăm mười lăm đồng"),
            (999, "Chín trăm chín mươi chín đồng"),
            (1_000, "Một nghìn đồng"),
            (1_001, "Một nghìn không trăm lẻ một đồng"),
            (1_015, "Một nghìn không trăm mười lăm đồng"),
            (30_000, "Ba mươi nghìn đồng"),
            (115_000, "Một trăm mười lăm nghìn đồng"),
            (21_000_000, "Hai mươi mốt triệu đồng"),
            (1_000_005, "Một triệu không trăm lẻ năm đồng"),
            (1_005_000, "Một triệu không trăm lẻ năm nghìn đồng"),
            (2_000_000_000, "Hai tỷ đồng"),
            (1_500_000_000_000, "Một nghìn năm trăm tỷ đồng"),
            (1_000_000_001, "Một tỷ không trăm lẻ một đồng"),
            (-4, "Âm bốn đồng"),
        ] {
            assert_eq!(amount_in_words(amount), words, "{amount}");
        }
    }

    #[test]
    fn the_largest_amounts_have_words_too() {
        assert!(amount_in_words(i64::MAX).starts_with("Chín tỷ hai trăm hai mươi ba triệu"));
        assert!(amount_in_words(i64::MIN).starts_with("Âm chín tỷ hai trăm hai mươi ba triệu"));
    }
}
