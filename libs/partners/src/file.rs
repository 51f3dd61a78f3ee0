//! The file of a partner, checked with the needs of its scheme. All findings are reported at once.
//! The format is described in `docs/partners.md`.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde_json::Value;
use url::Url;

use crate::description::{Basis, Description, Setting};
use crate::fields::{Fields, one_of, text};
use crate::finding::Findings;
use crate::limits::{ACCOUNTS_MAX, AMOUNT_MAX, ENTRIES_MAX, FILE_BYTES_MAX};
use crate::outbound;
use crate::partner::{Account, Kind, Limits, Partner, Use};
use crate::scheme::SCHEMES;
use crate::terms::{Answer, Capability, Outcome, Vnd};
use crate::vietqr;

const NAME_BYTES_MAX: usize = 40;

impl Partner {
    /// The partner of a file in YAML.
    ///
    /// # Errors
    ///
    /// All findings.
    pub fn parse(text: &str) -> Result<Self, Findings> {
        let mut found = Findings::default();
        if text.len() > FILE_BYTES_MAX {
            let (vi, en) = (
                format!("lớn hơn {FILE_BYTES_MAX} byte"),
                format!("has more than {FILE_BYTES_MAX} bytes"),
            );
            return Err(Findings::one("", vi, en));
        }
        let Some(file) = decoded(text, &mut found) else { return Err(found) };
        let partner = partner(&file, &mut found);
        match partner {
            Some(partner) if found.is_empty() => Ok(partner),
            _ => Err(found),
        }
    }
}

/// The file as a value; duplicate keys and what is not YAML are findings.
fn decoded(text: &str, found: &mut Findings) -> Option<Value> {
    // Decoding a plain value would silently take the last of two equal keys.
    let strict = serde_yaml_ng::from_str::<serde_yaml_ng::Value>(text);
    match strict.and_then(|_| serde_yaml_ng::from_str::<Value>(text)) {
        Ok(value) if value.is_object() => return Some(value),
        Ok(_) => found.add("", "tệp phải là một đối tượng YAML", "the file is not an object"),
        Err(error) => {
            found.add(
                "",
                format!("không phải YAML hợp lệ: {error}"),
                format!("is not valid YAML: {error}"),
            );
        }
    }
    None
}

/// The partner; `None` after findings without which there is none.
fn partner(file: &Value, found: &mut Findings) -> Option<Partner> {
    let mut fields = Fields::new(file, "", found);
    let name = file_name(fields.text("name", found), "/name", found);
    let version = fields.number("version", 0, 1..=1_000_000, found);
    if version == 0 {
        found.add("/version", "đếm từ 1", "counts from 1");
    }
    let (title_vi, title_en) = title(&mut fields, found);
    let kind = fields.text("kind", found);
    let kind = one_of(kind, Kind::ALL, "/kind", found).unwrap_or(Kind::PaymentProvider);
    let enabled = fields.flag("enabled", found);
    let schemes: Vec<(&str, &'static Description)> =
        SCHEMES.iter().map(|scheme| (scheme.description().name, scheme.description())).collect();
    let scheme = one_of(fields.text("scheme", found), &schemes, "/scheme", found);
    let permits_http = fields.flag("permits_http", found);
    let private_networks = networks(&mut fields, found);
    let limits = limits(&mut fields, found);
    // What follows is judged by the needs of the scheme.
    let scheme = scheme?;
    let needs = scheme;
    let secrets = secrets(&mut fields, needs, found);
    let (capabilities, confirmed) = capabilities(&mut fields, needs, found);
    let addresses = addresses(&mut fields, needs, &capabilities, permits_http, found);
    let settings = texts(&mut fields, "settings", needs.settings, found);
    let columns = texts(&mut fields, "fields", needs.fields, found);
    let statuses = outcomes(&mut fields, "statuses", found);
    let refund_statuses = outcomes(&mut fields, "refund_statuses", found);
    let replies = replies(&mut fields, found);
    let accounts = accounts(&mut fields, needs, found);
    fields.end(found);
    if enabled && !capabilities.values().any(|one| *one == Use::On) {
        let (vi, en) =
            ("không có khả năng nào là `on`", "none is `on`, and the partner is enabled");
        found.add("/capabilities", vi, en);
    }
    Some(Partner {
        name,
        version: u32::try_from(version).unwrap_or(1),
        title_vi,
        title_en,
        kind,
        enabled,
        scheme,
        secrets,
        capabilities,
        confirmed,
        addresses,
        settings,
        fields: columns,
        statuses,
        refund_statuses,
        replies,
        accounts,
        limits,
        private_networks,
        permits_http,
    })
}

/// A name that is part of addresses, or of a file.
fn file_name(name: &str, at: &str, found: &mut Findings) -> String {
    let permitted = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let is_name = begins && name.len() <= NAME_BYTES_MAX && name.bytes().all(permitted);
    if !is_name && !name.is_empty() {
        let (vi, en) = (
            format!("`{name}` phải là 1 đến {NAME_BYTES_MAX} ký tự a-z 0-9 -, bắt đầu bằng chữ"),
            format!("`{name}` is not 1 to {NAME_BYTES_MAX} of a-z 0-9 -, a letter first"),
        );
        found.add(at, vi, en);
    }
    name.to_owned()
}

fn title(fields: &mut Fields<'_>, found: &mut Findings) -> (String, String) {
    let Some(value) = fields.optional("title") else {
        found.add("/title", "không có", "is missing");
        return Default::default();
    };
    let mut title = Fields::new(value, "/title", found);
    let (vi, en) = (title.text("vi", found), title.text("en", found));
    title.end(found);
    (vi.to_owned(), en.to_owned())
}

fn networks(fields: &mut Fields<'_>, found: &mut Findings) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for (at, value) in fields.list("private_networks", ENTRIES_MAX, found) {
        let Some(text) = text(value, &at, found) else { continue };
        match text.parse() {
            Ok(network) => networks.push(network),
            Err(_) => found.add(
                at,
                format!("`{text}` không phải dải địa chỉ, ví dụ 10.1.0.0/16"),
                format!("`{text}` is not a block of addresses as 10.1.0.0/16"),
            ),
        }
    }
    networks
}

fn limits(fields: &mut Fields<'_>, found: &mut Findings) -> Limits {
    let none = Value::Object(serde_json::Map::new());
    let value = fields.optional("limits").unwrap_or(&none);
    let mut limits = Fields::new(value, "/limits", found);
    let amount_min = limits.number("amount_min", 1, 1..=AMOUNT_MAX, found);
    let amount_max = limits.number("amount_max", AMOUNT_MAX, 1..=AMOUNT_MAX, found);
    if amount_min > amount_max {
        found.add("/limits/amount_min", "lớn hơn amount_max", "exceeds amount_max");
    }
    let mut small = |name, default, most| {
        u32::try_from(limits.number(name, default, 1..=most, found)).unwrap_or(1)
    };
    let read = Limits {
        amount_min: Vnd(amount_min),
        amount_max: Vnd(amount_max),
        calls_per_minute: small("calls_per_minute", 60, 60_000),
        timeout_seconds: small("timeout_seconds", 20, 120),
        retry_hours: small("retry_hours", 72, 720),
    };
    limits.end(found);
    read
}

fn secrets(fields: &mut Fields<'_>, needs: &Description, found: &mut Findings) -> Vec<String> {
    let mut secrets: Vec<String> = Vec::new();
    for (at, value) in fields.list("secrets", 2, found) {
        let Some(text) = text(value, &at, found) else { continue };
        let permitted = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        // A name of a file in the folder of secrets, never a path, and never the secret.
        let is_file = (1..=100).contains(&text.len())
            && !text.starts_with('.')
            && text.bytes().all(permitted);
        if !is_file {
            let (vi, en) = (
                "phải là tên tệp trong thư mục bí mật: 1 đến 100 ký tự A-Z a-z 0-9 . _ -",
                "is not the name of a file in the folder of secrets: 1 to 100 of A-Z a-z 0-9 . _ -",
            );
            found.add(at, vi, en);
        } else if secrets.iter().any(|one| one == text) {
            found.add(at, "viết hai lần", "occurs twice");
        } else {
            secrets.push(text.to_owned());
        }
    }
    if needs.signs && secrets.is_empty() {
        let (vi, en) = (
            format!("`{}` ký bằng bí mật: cần tên tệp", needs.name),
            format!("`{}` signs: name the file of the secret", needs.name),
        );
        found.add("/secrets", vi, en);
    }
    if !needs.signs && !secrets.is_empty() {
        let (vi, en) =
            (format!("`{}` không ký", needs.name), format!("`{}` does not sign", needs.name));
        found.add("/secrets", vi, en);
    }
    secrets
}

type Capabilities = (BTreeMap<Capability, Use>, BTreeMap<Capability, String>);

fn capabilities(
    fields: &mut Fields<'_>,
    needs: &Description,
    found: &mut Findings,
) -> Capabilities {
    let mut confirmed = BTreeMap::new();
    for (at, name, value) in fields.table("confirmed", ENTRIES_MAX, found) {
        let capability = one_of(name, Capability::ALL, &at, found);
        let by = text(value, &at, found).map(str::trim).unwrap_or_default();
        if by.chars().count() < 10 {
            let (vi, en) = (
                "ghi ai đã thử, khi nào, ở môi trường nào",
                "says who has tried it, when, and in which environment",
            );
            found.add(at, vi, en);
        }
        confirmed.extend(capability.map(|capability| (capability, by.to_owned())));
    }
    let mut capabilities = BTreeMap::new();
    for (at, name, value) in fields.table("capabilities", ENTRIES_MAX, found) {
        let capability = one_of(name, Capability::ALL, &at, found);
        let wanted = text(value, &at, found).and_then(|text| one_of(text, Use::ALL, &at, found));
        let (Some(capability), Some(wanted)) = (capability, wanted) else { continue };
        let basis = needs.capabilities.iter().find(|(one, _)| *one == capability);
        match basis {
            None if wanted == Use::On => {
                let (vi, en) = (
                    format!("`{}` không có", needs.name),
                    format!("`{}` has no `{capability}`", needs.name),
                );
                found.add(at, vi, en);
            }
            Some((_, Basis::Unverified))
                if wanted == Use::On && !confirmed.contains_key(&capability) =>
            {
                let (vi, en) = (
                    "chưa được kiểm chứng: ghi `unverified`, hoặc ghi người đã thử ở `confirmed`",
                    "is unverified: say so, or say in `confirmed` who has tried it",
                );
                found.add(at, vi, en);
            }
            _ => {}
        }
        capabilities.insert(capability, wanted);
    }
    let is_on = |one| capabilities.get(&one) == Some(&Use::On);
    if is_on(Capability::Refund) && !is_on(Capability::Query) {
        let (vi, en) = (
            "phải là `on` nếu `refund` là `on`: không biết kết quả khoản hoàn khi mất trả lời",
            "must be on if `refund` is: nothing tells what became of a refund without a response",
        );
        found.add("/capabilities/query", vi, en);
    }
    let part = needs.capabilities.iter().any(|(one, _)| *one == Capability::RefundPart);
    match (is_on(Capability::Refund), capabilities.get(&Capability::RefundPart).copied()) {
        // Where nothing else is said, what is returned may be a part.
        (true, None) if part => _ = capabilities.insert(Capability::RefundPart, Use::On),
        (false, Some(Use::On)) => {
            let (vi, en) =
                ("`refund` chưa là `on`", "is on, and `refund` is not: there is nothing to return");
            found.add("/capabilities/refund_part", vi, en);
        }
        _ => {}
    }
    (capabilities, confirmed)
}

fn addresses(
    fields: &mut Fields<'_>,
    needs: &Description,
    capabilities: &BTreeMap<Capability, Use>,
    permits_http: bool,
    found: &mut Findings,
) -> BTreeMap<Capability, Url> {
    let mut addresses = BTreeMap::new();
    for (at, name, value) in fields.table("addresses", ENTRIES_MAX, found) {
        let capability = one_of(name, Capability::ALL, &at, found);
        let Some(text) = text(value, &at, found) else { continue };
        match outbound::address(text, permits_http) {
            Ok(url) => addresses.extend(capability.map(|capability| (capability, url))),
            Err(blocked) => found.add(at, blocked.vi(), blocked.to_string()),
        }
    }
    for capability in needs.calls {
        let is_on = capabilities.get(capability) == Some(&Use::On);
        if is_on
            && fields.optional("addresses").is_none_or(|all| all.get(capability.name()).is_none())
        {
            let at = format!("/addresses/{capability}");
            found.add(at, "không có", "is missing, and the capability is on");
        }
    }
    addresses
}

/// The settings or fields that a scheme has.
fn texts(
    fields: &mut Fields<'_>,
    name: &'static str,
    needs: &[Setting],
    found: &mut Findings,
) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for (at, key, value) in fields.table(name, ENTRIES_MAX, found) {
        let Some(need) = needs.iter().find(|one| one.name == key) else {
            let names: Vec<&str> = needs.iter().map(|one| one.name).collect();
            let names = names.join(", ");
            let (vi, en) = (
                format!("phương thức chỉ có {names}"),
                format!("is unknown to the scheme, which has {names}"),
            );
            found.add(at, vi, en);
            continue;
        };
        let Some(text) = text(value, &at, found) else { continue };
        if !need.one_of.is_empty() && !need.one_of.contains(&text) {
            let all = need.one_of.join("`, `");
            let (vi, en) = (
                format!("`{text}` không phải một trong `{all}`"),
                format!("`{text}` is none of `{all}`"),
            );
            found.add(at, vi, en);
        } else if need.default.is_none() && text.is_empty() {
            found.add(at, "không được trống", "is empty");
        } else {
            texts.insert(key.to_owned(), text.to_owned());
        }
    }
    let given = fields.optional(name);
    for need in needs.iter().filter(|need| need.default.is_none()) {
        if given.and_then(|given| given.get(need.name)).is_none() {
            found.add(format!("/{name}/{}", need.name), "không có", "is missing");
        }
    }
    texts
}

fn outcomes(
    fields: &mut Fields<'_>,
    name: &'static str,
    found: &mut Findings,
) -> BTreeMap<String, Outcome> {
    let entries = fields.table(name, ENTRIES_MAX, found);
    let outcomes = entries.into_iter().filter_map(|(at, code, value)| {
        let outcome = one_of(text(value, &at, found)?, Outcome::ALL, &at, found)?;
        Some((code.to_owned(), outcome))
    });
    outcomes.collect()
}

fn replies(fields: &mut Fields<'_>, found: &mut Findings) -> BTreeMap<Answer, (u16, String)> {
    let mut replies = BTreeMap::new();
    for (at, name, value) in fields.table("replies", ENTRIES_MAX, found) {
        let answer = one_of(name, Answer::ALL, &at, found);
        let mut reply = Fields::new(value, &*at, found);
        let status = reply.number("status", 0, 200..=599, found);
        if status == 0 {
            found.add(format!("{at}/status"), "không có", "is missing");
        }
        let body = reply.optional("body").and_then(|body| text(body, &format!("{at}/body"), found));
        reply.end(found);
        let status = u16::try_from(status).unwrap_or(500);
        let body = body.unwrap_or_default().to_owned();
        let repeats = matches!(answer, Some(Answer::TryAgain | Answer::WrongSignature));
        if answer == Some(Answer::Taken) && !(200..300).contains(&status)
            || repeats && status == 204
        {
            let (vi, en) = (
                "đối tác sẽ hiểu ngược lại: `taken` cần 2xx, `try_again` không thể là 204",
                "would tell the partner the opposite: `taken` is 2xx, a failure is not 204",
            );
            found.add(format!("{at}/status"), vi, en);
        }
        replies.extend(answer.map(|answer| (answer, (status, body))));
    }
    replies
}

fn accounts(fields: &mut Fields<'_>, needs: &Description, found: &mut Findings) -> Vec<Account> {
    let mut accounts: Vec<Account> = Vec::new();
    for (at, value) in fields.list("accounts", ACCOUNTS_MAX, found) {
        let mut account = Fields::new(value, &*at, found);
        let agency = account.text("agency", found).to_owned();
        let bank = account.text("bank", found).to_owned();
        let number = account.text("number", found).to_owned();
        let holder = account.text("holder", found).to_owned();
        account.end(found);
        if accounts.iter().any(|one| one.agency == agency) {
            let (vi, en) = ("cơ quan đã có tài khoản", "the agency has an account already");
            found.add(format!("{at}/agency"), vi, en);
        }
        let digits = bank.len() == vietqr::BANK_DIGITS && bank.bytes().all(|b| b.is_ascii_digit());
        if !digits && !bank.is_empty() && !needs.signs {
            let (vi, en) = ("phải là mã BIN sáu chữ số", "is not a BIN of six digits");
            found.add(format!("{at}/bank"), vi, en);
        }
        let plain = number.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if number.len() > vietqr::NUMBER_MAX || !plain {
            let max = vietqr::NUMBER_MAX;
            let (vi, en) = (
                format!("nhiều nhất {max} chữ số và chữ cái"),
                format!("is not at most {max} digits and letters"),
            );
            found.add(format!("{at}/number"), vi, en);
        }
        accounts.push(Account { agency, bank, number, holder });
    }
    if needs.needs_accounts && accounts.is_empty() {
        let (vi, en) = ("cần tài khoản thụ hưởng", "the scheme needs an account");
        found.add("/accounts", vi, en);
    }
    accounts
}

#[cfg(test)]
pub(crate) mod tests;
