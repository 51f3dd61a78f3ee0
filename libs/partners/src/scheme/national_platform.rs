//! The online payment platform of the National Public Service Portal, version 1.0.6: INIT, CONFIRM,
//! QUERY and `GET_BILL`. Its document is not public; this follows the code of a client
//! (`TD.DichVuCongApi`, folder `Infrastructure/DvcPayment`).
//!
//! `MaXacThuc` is SHA-256 of the values and the secret, joined with `|`; it is no HMAC. The digest
//! of the whole string is therefore the signature itself, and a refusal names the digest of the
//! string without the secret.
//!
//! A value that contains `|` could be split in another way; it is refused. Times are on a clock of
//! 24 hours; the client that was read used one of 12.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::read::{Reading, name, payable, without};
use super::{Basis, Description, Scheme, Setting, outcome, plain_reply};
use crate::canonical::{Members, plain};
use crate::finding::Findings;
use crate::message::{Incoming, Order, Outgoing, Question, Reply, Response, Start, Unable};
use crate::notice::{Notice, Rejected, SignatureProblem, WrongSignature};
use crate::partner::Partner;
use crate::secret::{Algorithm, Secrets, hex, unhex};
use crate::terms::{Answer, Capability, Outcome};
use crate::time::compact;

/// See the module.
#[derive(Debug)]
pub(super) struct NationalPlatform;

const NAME: &str = "national-platform-1.0.6";
const VERSION: &str = "1.0.6";
const REFERENCE_MAX: usize = 100;
const TEXT_MAX: usize = 200;
const CODE: &str = "MaXacThuc";
/// Values of a CONFIRM message in the order in which they are signed.
const CONFIRMED: &[&str] = &[
    "LoaiBanTin",
    "MaLoi",
    "MaDoiTac",
    "MaThamChieu",
    "SoTien",
    "MaTienTe",
    "MaGiaoDich",
    "MaNganHang",
    "ThoiGianGD",
    "ThongTinGiaoDich",
];

static DESCRIPTION: Description = Description {
    name: NAME,
    source: "code of a client: TD.DichVuCongApi, Infrastructure/DvcPayment",
    capabilities: &[
        (Capability::Pay, Basis::Documented),
        (Capability::Notify, Basis::Documented),
        (Capability::Query, Basis::Documented),
        (Capability::Bill, Basis::Documented),
    ],
    calls: &[Capability::Pay, Capability::Query, Capability::Bill],
    signs: true,
    needs_accounts: true,
    settings: &[
        Setting::required("partner_code"),
        Setting::default("channel", "1"),
        Setting::default("device", "1"),
        Setting::default("bank", "PAYMENT"),
    ],
    fields: &[],
    // `MaLoi` of CONFIRM, and `TrangThaiGD` of QUERY, where 3 is not known, or pending at the bank.
    statuses: &[
        ("00", Outcome::Captured),
        ("1", Outcome::Captured),
        ("3", Outcome::Pending),
        ("4", Outcome::Failed),
    ],
    refund_statuses: &[],
    names_refunds: false,
    // `MaLoi` of the reply: only "00" has a source; the others say that it was not taken.
    replies: &[
        (Answer::Taken, 200, "00"),
        (Answer::Known, 200, "00"),
        (Answer::Unmatched, 200, "01"),
        (Answer::AmountDiffers, 200, "04"),
        (Answer::Impossible, 200, "99"),
        (Answer::WrongSignature, 401, "97"),
        (Answer::TryAgain, 503, "99"),
    ],
};

impl Scheme for NationalPlatform {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn pay(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        order: &Order<'_>,
    ) -> Result<Start, Unable> {
        let url = partner.call(Capability::Pay)?;
        let mut found = Findings::default();
        payable(&mut found, partner, order.amount);
        name(&mut found, "/reference", order.reference, REFERENCE_MAX);
        if order.receipt.is_empty() {
            let vi = "cổng này in biên lai cho một hồ sơ: không nộp chung được nhiều hồ sơ";
            let en =
                "the platform prints the receipt of one dossier; it takes no order for several";
            found.add("/receipt", vi, en);
        }
        let account = partner.account(order.agency);
        if account.is_none() {
            let (vi, en) = (
                format!("đối tác không có tài khoản thụ hưởng của `{}`", order.agency),
                format!("the partner has no account of `{}`", order.agency),
            );
            found.add("/agency", vi, en);
        }
        let setting = |name| partner.setting(&DESCRIPTION, name).to_owned();
        let values = [
            ("LoaiBanTin", "INIT".to_owned()),
            ("PhienBan", VERSION.to_owned()),
            ("MaDoiTac", setting("partner_code")),
            ("MaThamChieu", order.reference.to_owned()),
            ("SoTien", order.amount.0.to_string()),
            ("LoaiHinhThanhToan", "PAY".to_owned()),
            ("MaKenhThanhToan", setting("channel")),
            ("MaThietBi", setting("device")),
            ("NgonNgu", "vi-VN".to_owned()),
            ("MaTienTe", "VND".to_owned()),
            ("MaNganHang", setting("bank")),
            ("ThongTinGiaoDich", plain(order.text, TEXT_MAX)),
            ("ThoiGianGD", compact(order.created_at)),
            ("Ip", order.payer_ip.to_owned()),
        ];
        let mut body = signed(secrets, found, &values)?;
        let mut receipt = order.receipt.clone();
        if let Some(account) = account {
            for (name, value) in [
                ("TKThuHuong", &account.number),
                ("MaNHThuHuong", &account.bank),
                ("TenTKThuHuong", &account.holder),
            ] {
                receipt.insert(name.to_owned(), Value::from(value.as_str()));
            }
        }
        body.insert("ThongTinBienLai".to_owned(), Value::Object(receipt));
        Ok(Start::Call(Outgoing::json(url, Value::Object(body).to_string().into_bytes())))
    }

    /// The response is `{error_code, message}`; `message` is a text with JSON in it.
    fn opened(
        &self,
        partner: &Partner,
        _: &Secrets,
        _: &Order<'_>,
        response: Response<'_>,
    ) -> Result<String, Rejected> {
        let outer = members(response.body)?;
        let mut reading = Reading::new(|name: &str| outer.text(name));
        reading.expect("error_code", "0");
        let message = outer.text("message");
        reading.or(())?;
        let inner = members(message.as_bytes())?;
        let mut reading = Reading::new(|name: &str| inner.text(name));
        let url = reading.link("UrlThanhToan", partner);
        reading.or(url)
    }

    fn query(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        question: Question<'_>,
    ) -> Result<Outgoing, Unable> {
        asked(partner, secrets, question, Capability::Query, "QUERY")
    }

    fn queried(
        &self,
        partner: &Partner,
        _: &Secrets,
        question: Question<'_>,
        response: Response<'_>,
    ) -> Result<Notice, Rejected> {
        let members = members(response.body)?;
        let mut reading = Reading::new(|name: &str| members.text(name));
        reading.expect("MaDoiTac", partner.setting(&DESCRIPTION, "partner_code"));
        reading.expect("MaThamChieu", question.reference);
        reading.expect("MaTienTe", "VND");
        let problem = reading.text("MaLoi");
        let (code, outcome) = if problem == "00" {
            let state = reading.text("TrangThaiGD");
            let outcome = outcome(&partner.statuses, DESCRIPTION.statuses, &state);
            // The same name of a capture as CONFIRM gives it.
            (if outcome == Outcome::Captured { problem } else { state }, outcome)
        } else {
            (format!("query-{problem}"), Outcome::Pending)
        };
        let is_final = outcome == Outcome::Captured;
        let reference = Some(question.reference.to_owned());
        let notice = fact(&mut reading, reference, (code, outcome), is_final);
        reading.or(Notice { by: Capability::Query, key: None, ..notice })
    }

    fn bill(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        question: Question<'_>,
    ) -> Result<Outgoing, Unable> {
        asked(partner, secrets, question, Capability::Bill, "GET_BILL")
    }

    fn notice(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        incoming: Incoming<'_>,
        _: Timestamp,
    ) -> Result<Notice, Rejected> {
        let wrong = |problem, canonical: &[u8]| {
            Rejected::Signature(WrongSignature::new(NAME, secrets, problem, canonical))
        };
        let members = Members::of(incoming.body);
        let members = members.ok_or_else(|| wrong(SignatureProblem::Form, incoming.body))?;
        let values: Vec<String> = CONFIRMED.iter().map(|name| members.text(name)).collect();
        let text = values.join("|").into_bytes();
        if values.iter().any(|value| value.contains('|')) {
            return Err(wrong(SignatureProblem::Form, &text));
        }
        let code = members.text(CODE);
        if code.is_empty() {
            return Err(wrong(SignatureProblem::Missing, &text));
        }
        let code = unhex(&code).ok_or_else(|| wrong(SignatureProblem::Encoding, &text))?;
        let texts = std::slice::from_ref(&text);
        let key = secrets.verify(Algorithm::Sha256WithSecret, texts, &code);
        let key = key.ok_or_else(|| wrong(SignatureProblem::Different, &text))?.to_owned();

        let mut reading = Reading::new(|name: &str| members.text(name));
        reading.expect("MaDoiTac", partner.setting(&DESCRIPTION, "partner_code"));
        reading.expect("MaTienTe", "VND");
        reading.expect("LoaiBanTin", "CONFIRM");
        let problem = reading.text("MaLoi");
        // CONFIRM ends a payment: every other code says that it failed.
        let listed = partner.statuses.get(&problem).copied();
        let outcome =
            listed.unwrap_or(if problem == "00" { Outcome::Captured } else { Outcome::Failed });
        let reference = Some(reading.text("MaThamChieu"));
        let notice = fact(&mut reading, reference, (problem, outcome), true);
        reading.or(Notice { by: Capability::Notify, key: Some(key), ..notice })
    }

    /// The reply repeats values of the request; `MaXacThuc` as well, as the client that was read
    /// does.
    fn reply(&self, partner: &Partner, to: Incoming<'_>, answer: Answer) -> Reply {
        let Reply { status, body, .. } = plain_reply(&DESCRIPTION, partner, answer);
        let sent = Members::of(to.body).unwrap_or_default();
        let mut reply = Map::new();
        reply.insert("MaLoi".to_owned(), Value::from(String::from_utf8_lossy(&body)));
        reply.insert("MoTaLoi".to_owned(), Value::from(""));
        for name in ["MaDoiTac", "MaThamChieu", "ThoiGianGD", CODE] {
            // Nothing of a message that is not the platform's is repeated.
            let value =
                if answer == Answer::WrongSignature { String::new() } else { sent.text(name) };
            reply.insert(name.to_owned(), Value::from(value));
        }
        let body = Value::Object(reply).to_string().into_bytes();
        Reply { status, content_type: Some("application/json"), body }
    }
}

/// The values with their `MaXacThuc`.
fn signed(
    secrets: &Secrets,
    mut found: Findings,
    values: &[(&str, String)],
) -> Result<Map<String, Value>, Unable> {
    let texts: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, &**value)).collect();
    without(&mut found, "|", &texts);
    found.or(()).map_err(Unable::Values)?;
    let text: Vec<&str> = texts.iter().map(|(_, value)| *value).collect();
    let code = secrets.sign(Algorithm::Sha256WithSecret, text.join("|").as_bytes());
    let code = hex(&code.ok_or(Unable::NoSecret)?);
    let mut body: Map<String, Value> =
        texts.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    body.insert(CODE.to_owned(), Value::from(code));
    Ok(body)
}

fn asked(
    partner: &Partner,
    secrets: &Secrets,
    question: Question<'_>,
    capability: Capability,
    message: &str,
) -> Result<Outgoing, Unable> {
    let url = partner.call(capability)?;
    let mut found = Findings::default();
    name(&mut found, "/reference", question.reference, REFERENCE_MAX);
    let values = [
        ("LoaiBanTin", message.to_owned()),
        ("PhienBan", VERSION.to_owned()),
        ("MaDoiTac", partner.setting(&DESCRIPTION, "partner_code").to_owned()),
        ("MaThamChieu", question.reference.to_owned()),
        ("ThoiGianGD", compact(question.ordered_at)),
    ];
    let body = signed(secrets, found, &values)?;
    Ok(Outgoing::json(url, Value::Object(body).to_string().into_bytes()))
}

fn members(bytes: &[u8]) -> Result<Members, Rejected> {
    Members::of(bytes).ok_or_else(|| {
        let (vi, en) = ("trả lời không phải đối tượng JSON", "the response is no object of JSON");
        Rejected::Content(Findings::one("", vi, en))
    })
}

/// The fact; the amount must be there if it `is_final`.
fn fact<F: Fn(&str) -> String>(
    reading: &mut Reading<F>,
    reference: Option<String>,
    (code, outcome): (String, Outcome),
    is_final: bool,
) -> Notice {
    let transaction = reading.optional("MaGiaoDich");
    let has_amount = is_final || reading.optional("SoTien").is_some();
    let amount = has_amount.then(|| reading.amount("SoTien", 1));
    let paid_at = reading.compact_time("ThoiGianGD");
    if outcome == Outcome::Captured && transaction.is_none() {
        reading.found.add("/MaGiaoDich", "không có", "is missing");
    }
    let of = reference.as_deref().unwrap_or_default();
    let number = transaction.as_deref().unwrap_or("0");
    let event = format!("{of}:{number}:{code}");
    let (by, key) = (Capability::Notify, None);
    Notice {
        event,
        reference,
        refund_reference: None,
        dispute: None,
        transaction,
        amount,
        outcome,
        code,
        paid_at,
        by,
        key,
    }
}

#[cfg(test)]
mod tests;
