//! Names, numbers and agencies of copied dossiers, about as frequent as in the country.

/// Family names by frequency: the share of a name is the number of its places.
const FAMILY: [&str; 20] = [
    "Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Trần", "Trần", "Lê",
    "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô",
];
const MIDDLE: [&str; 10] =
    ["Văn", "Thị", "Đức", "Minh", "Ngọc", "Quang", "Thanh", "Xuân", "Hữu", "Bảo"];
pub(super) const GIVEN: [&str; 24] = [
    "An", "Anh", "Bình", "Chi", "Cường", "Dũng", "Giang", "Hà", "Hải", "Hạnh", "Hoa", "Hùng",
    "Khánh", "Lan", "Linh", "Long", "Mai", "Nam", "Phương", "Quỳnh", "Sơn", "Thảo", "Trang", "Yến",
];
const TRADES: [&str; 12] = [
    "Dệt",
    "May",
    "Thép",
    "Gỗ",
    "Xây dựng",
    "Vận tải",
    "Thủy sản",
    "Cà phê",
    "Điện",
    "Hóa chất",
    "Thương mại",
    "Nông sản",
];

/// Numbers that look random and are always the same.
fn mixed(number: u64, salt: u64) -> u64 {
    let mut x = number.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn one<'a>(of: &[&'a str], number: u64) -> &'a str {
    let count = of.len() as u64;
    let place = usize::try_from(number.checked_rem(count).unwrap_or(0)).unwrap_or(0);
    of.get(place).copied().unwrap_or_default()
}

/// Name of a person.
pub(super) fn person(number: u64) -> String {
    let parts = [one(&FAMILY, mixed(number, 1)), one(&MIDDLE, mixed(number, 2))];
    format!("{} {} {}", parts[0], parts[1], one(&GIVEN, mixed(number, 3)))
}

/// Name of a firm.
fn firm(number: u64) -> String {
    let (trade, given) = (one(&TRADES, mixed(number, 4)), one(&GIVEN, mixed(number, 5)));
    format!("Công ty TNHH {trade} {given} {}", mixed(number, 6) % 1_000)
}

/// Ten digits of a tax code.
pub(super) fn tax_code(number: u64) -> String {
    format!("03{:08}", mixed(number, 7) % 100_000_000)
}

/// A mobile number in E.164.
pub(super) fn telephone(number: u64) -> String {
    format!("+849{:08}", mixed(number, 8) % 100_000_000)
}

/// Of five dossiers, three are received by the agency of the originals; the others by one of 40.
pub(super) fn agency(number: u64) -> String {
    let of = mixed(number, 9);
    if of % 5 < 3 { "G02.001".to_owned() } else { format!("G02.{:03}", 2 + of / 5 % 40) }
}

/// An applicant has four dossiers.
pub(super) fn applicant(number: u64) -> String {
    format!("c{}", number / 4)
}

/// The texts of the originals, and those of a copy.
pub(super) fn changes(number: u64) -> Vec<(String, String)> {
    let quoted = |text: &str| format!("\"{text}\"");
    // The originals' applicants are `a` and a number; they are told apart by the quotation marks.
    let applicants = (0..8).map(|n| (quoted(&format!("a{n}")), quoted(&applicant(number))));
    let texts = [
        ("\"name\":\"A\"", format!("\"name\":\"{}\"", person(number))),
        ("Công ty Dệt", firm(number)),
        ("Đa cấp A", firm(number)),
        ("0101234565", tax_code(number)),
        ("+84900000000", telephone(number)),
        ("G02.001", agency(number)),
        ("KQ-", format!("KQ-{number}-")),
        ("VN-TH-1", format!("VN-TH-{number}")),
    ];
    let texts = texts.into_iter().map(|(old, new)| (old.to_owned(), new));
    let waybills = (0..8).map(|n| (format!("EA{n}VN"), format!("EA{number:09}VN")));
    texts.chain(applicants).chain(waybills).collect()
}
