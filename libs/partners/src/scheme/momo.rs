//! MoMo v2: create, report (IPN), return, query and refund, signed with HMAC-SHA256 over
//! `name=value` pairs in alphabetical order, values not encoded. Source:
//! <https://developers.momo.vn/v3/docs/payment/api/wallet/onetime/> and `…/payment-api/query`,
//! `…/payment-api/refund`.
//!
//! Responses to calls are not signed in the public documentation: they count by the TLS connection
//! to the configured address. Because values are not encoded, a value that contains the name of
//! another signed value could be read in two ways; it is refused.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::read::{Reading, name, payable};
use super::{Basis, Description, Scheme, Setting, outcome};
use crate::canonical::{Members, encoded, parameters};
use crate::finding::Findings;
use crate::message::{Incoming, Order, Outgoing, Question, Refund, Response, Start, Unable};
use crate::notice::{Notice, Rejected, SignatureProblem, WrongSignature};
use crate::partner::Partner;
use crate::secret::{Algorithm, Secrets, hex, unhex};
use crate::terms::{Answer, Capability, Outcome, Vnd};

/// See the module.
#[derive(Debug)]
pub(super) struct Momo;

const NAME: &str = "momo-2";
const REFERENCE_MAX: usize = 50;
/// Values of a report, in the order in which they are signed, after the access key.
const REPORTED: &[&str] = &[
    "amount",
    "extraData",
    "message",
    "orderId",
    "orderInfo",
    "orderType",
    "partnerCode",
    "payType",
    "requestId",
    "responseTime",
    "resultCode",
    "transId",
];

static DESCRIPTION: Description = Description {
    name: NAME,
    source: "https://developers.momo.vn/v3/docs/payment/api/wallet/onetime/",
    capabilities: &[
        (Capability::Pay, Basis::Documented),
        (Capability::Notify, Basis::Documented),
        (Capability::Return, Basis::Documented),
        (Capability::Query, Basis::Documented),
        (Capability::Refund, Basis::Documented),
        (Capability::RefundPart, Basis::Documented),
    ],
    calls: &[Capability::Pay, Capability::Query, Capability::Refund],
    signs: true,
    needs_accounts: false,
    settings: &[
        Setting::required("partner_code"),
        Setting::required("access_key"),
        Setting {
            name: "request_type",
            default: Some("captureWallet"),
            one_of: &["captureWallet", "payWithATM", "payWithCC", "payWithMethod"],
        },
    ],
    fields: &[],
    // 9000: authorised, not captured. Codes that are not listed decide nothing.
    statuses: &[
        ("0", Outcome::Captured),
        ("1000", Outcome::Pending),
        ("7000", Outcome::Pending),
        ("7002", Outcome::Pending),
        ("9000", Outcome::Pending),
        ("1001", Outcome::Failed),
        ("1002", Outcome::Failed),
        ("1003", Outcome::Failed),
        ("1004", Outcome::Failed),
        ("1005", Outcome::Failed),
        ("1006", Outcome::Failed),
        ("1007", Outcome::Failed),
        ("1017", Outcome::Failed),
        ("1026", Outcome::Failed),
        ("4001", Outcome::Failed),
        ("4100", Outcome::Failed),
    ],
    refund_statuses: &[
        ("0", Outcome::Refunded),
        ("7000", Outcome::Pending),
        ("7002", Outcome::Pending),
        ("1080", Outcome::Failed),
        ("1081", Outcome::Failed),
        ("1088", Outcome::Failed),
    ],
    names_refunds: true,
    replies: &[
        (Answer::Taken, 204, ""),
        (Answer::Known, 204, ""),
        (Answer::Unmatched, 204, ""),
        (Answer::AmountDiffers, 204, ""),
        (Answer::Impossible, 204, ""),
        (Answer::WrongSignature, 401, ""),
        (Answer::TryAgain, 503, ""),
    ],
};

impl Scheme for Momo {
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
        named(&mut found, order.reference, order.request);
        let signed = [
            ("accessKey", partner.setting(&DESCRIPTION, "access_key").to_owned()),
            ("amount", order.amount.0.to_string()),
            ("extraData", String::new()),
            ("ipnUrl", order.notify_url.to_owned()),
            ("orderId", order.reference.to_owned()),
            ("orderInfo", order.text.to_owned()),
            ("partnerCode", partner.setting(&DESCRIPTION, "partner_code").to_owned()),
            ("redirectUrl", order.return_url.to_owned()),
            ("requestId", order.request.to_owned()),
            ("requestType", partner.setting(&DESCRIPTION, "request_type").to_owned()),
        ];
        let lang = if order.english { "en" } else { "vi" };
        let body = signed_body(secrets, found, &signed, lang, &["amount"])?;
        Ok(Start::Call(Outgoing::json(url, body)))
    }

    fn opened(
        &self,
        partner: &Partner,
        _: &Secrets,
        order: &Order<'_>,
        response: Response<'_>,
    ) -> Result<String, Rejected> {
        let members = members(response)?;
        let mut reading = Reading::new(|name: &str| members.text(name));
        reading.expect("orderId", order.reference);
        reading.expect("requestId", order.request);
        reading.expect("resultCode", "0");
        let url = reading.link("payUrl", partner);
        reading.or(url)
    }

    fn query(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        question: Question<'_>,
    ) -> Result<Outgoing, Unable> {
        let url = partner.call(Capability::Query)?;
        let mut found = Findings::default();
        named(&mut found, question.reference, question.request);
        let signed = [
            ("accessKey", partner.setting(&DESCRIPTION, "access_key").to_owned()),
            ("orderId", question.reference.to_owned()),
            ("partnerCode", partner.setting(&DESCRIPTION, "partner_code").to_owned()),
            ("requestId", question.request.to_owned()),
        ];
        Ok(Outgoing::json(url, signed_body(secrets, found, &signed, "vi", &[])?))
    }

    fn queried(
        &self,
        partner: &Partner,
        _: &Secrets,
        question: Question<'_>,
        response: Response<'_>,
    ) -> Result<Notice, Rejected> {
        let members = members(response)?;
        let mut reading = Reading::new(|name: &str| members.text(name));
        reading.expect("orderId", question.reference);
        reading.expect("partnerCode", partner.setting(&DESCRIPTION, "partner_code"));
        let code = reading.text("resultCode");
        let outcome = outcome(&partner.statuses, DESCRIPTION.statuses, &code);
        // `responseTime` is that of the answer to the query.
        let paid_at = reading.milliseconds("lastUpdated");
        let amount = members.some("amount").map(|_| reading.amount("amount", 1));
        let notice = Fact { outcome, code, amount, paid_at, by: Capability::Query, key: None };
        let notice = notice.read(&mut reading, Some(question.reference));
        reading.or(notice)
    }

    fn refund(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        refund: &Refund<'_>,
    ) -> Result<Outgoing, Unable> {
        let url = partner.call(Capability::Refund)?;
        partner.returns(refund.amount, refund.captured)?;
        let mut found = Findings::default();
        payable(&mut found, partner, refund.amount);
        named(&mut found, refund.refund_reference, refund.question.request);
        let transaction = refund.question.transaction.unwrap_or_default();
        if transaction.is_empty() || !transaction.bytes().all(|byte| byte.is_ascii_digit()) {
            let (vi, en) = ("phải là số giao dịch của MoMo", "is the transaction number of MoMo");
            found.add("/transaction", vi, en);
        }
        let signed = [
            ("accessKey", partner.setting(&DESCRIPTION, "access_key").to_owned()),
            ("amount", refund.amount.0.to_string()),
            ("description", refund.reason.to_owned()),
            ("orderId", refund.refund_reference.to_owned()),
            ("partnerCode", partner.setting(&DESCRIPTION, "partner_code").to_owned()),
            ("requestId", refund.question.request.to_owned()),
            ("transId", transaction.to_owned()),
        ];
        let body = signed_body(secrets, found, &signed, "vi", &["amount", "transId"])?;
        Ok(Outgoing::json(url, body))
    }

    fn refunded(
        &self,
        partner: &Partner,
        _: &Secrets,
        refund: &Refund<'_>,
        response: Response<'_>,
    ) -> Result<Notice, Rejected> {
        let members = members(response)?;
        let mut reading = Reading::new(|name: &str| members.text(name));
        reading.require("orderId", refund.refund_reference);
        reading.expect("requestId", refund.question.request);
        let code = reading.text("resultCode");
        let outcome = outcome(&partner.refund_statuses, DESCRIPTION.refund_statuses, &code);
        let amount = members.some("amount").map(|_| reading.amount("amount", 1));
        let paid_at = reading.milliseconds("responseTime");
        let notice = Fact { outcome, code, amount, paid_at, by: Capability::Refund, key: None };
        let notice = notice.read(&mut reading, Some(refund.refund_reference));
        reading.or(named_refund(refund, notice))
    }

    fn query_refund(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        refund: &Refund<'_>,
    ) -> Result<Outgoing, Unable> {
        let mut url = partner.call(Capability::Refund)?.clone();
        url.set_path(&format!("{}/query", url.path().trim_end_matches('/')));
        let mut found = Findings::default();
        named(&mut found, refund.refund_reference, refund.question.request);
        let signed = [
            ("accessKey", partner.setting(&DESCRIPTION, "access_key").to_owned()),
            ("orderId", refund.refund_reference.to_owned()),
            ("partnerCode", partner.setting(&DESCRIPTION, "partner_code").to_owned()),
            ("requestId", refund.question.request.to_owned()),
        ];
        Ok(Outgoing::json(&url, signed_body(secrets, found, &signed, "vi", &[])?))
    }

    fn refund_queried(
        &self,
        partner: &Partner,
        _: &Secrets,
        refund: &Refund<'_>,
        response: Response<'_>,
    ) -> Result<Option<Notice>, Rejected> {
        let members = members(response)?;
        let mut reading = Reading::new(|name: &str| members.text(name));
        reading.require("orderId", refund.refund_reference);
        reading.expect("requestId", refund.question.request);
        reading.expect("partnerCode", partner.setting(&DESCRIPTION, "partner_code"));
        let code = reading.text("resultCode");
        let rows = refunds(response.body);
        let of = |row: &Value| text(row, "orderId") == refund.refund_reference;
        let Some(row) = rows.iter().find(|row| of(row)) else {
            reading.or(())?;
            // 42: MoMo has no order of this name. Any other answer without the refund leaves it
            // open.
            if code == "42" {
                return Ok(None);
            }
            let fact = Fact {
                outcome: Outcome::Pending,
                code,
                amount: None,
                paid_at: None,
                by: Capability::Refund,
                key: None,
            };
            let mut nothing = Reading::new(|_: &str| String::new());
            let notice = fact.read(&mut nothing, Some(refund.question.reference));
            return Ok(Some(notice));
        };
        reading.or(())?;
        let mut reading = Reading::new(|name: &str| text(row, name));
        let code = reading.text("resultCode");
        let outcome = outcome(&partner.refund_statuses, DESCRIPTION.refund_statuses, &code);
        let amount = Some(reading.amount("amount", 1));
        reading.expect("amount", &refund.amount.0.to_string());
        let paid_at = reading.milliseconds("createdTime");
        let notice = Fact { outcome, code, amount, paid_at, by: Capability::Refund, key: None };
        let notice = notice.read(&mut reading, Some(refund.refund_reference));
        reading.or(Some(named_refund(refund, notice)))
    }

    fn notice(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        incoming: Incoming<'_>,
        _: Timestamp,
    ) -> Result<Notice, Rejected> {
        let members = Members::of(incoming.body);
        let members = members.ok_or_else(|| {
            let problem = SignatureProblem::Form;
            Rejected::Signature(WrongSignature::new(NAME, secrets, problem, incoming.body))
        })?;
        let of = |name: &str| members.text(name);
        reported(partner, secrets, of, Capability::Notify)
    }

    fn returned(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        incoming: Incoming<'_>,
    ) -> Result<Notice, Rejected> {
        let query = incoming.query;
        let all = parameters(query).ok_or_else(|| {
            let problem = SignatureProblem::Form;
            Rejected::Signature(WrongSignature::new(NAME, secrets, problem, query.as_bytes()))
        })?;
        let of = |name: &str| {
            all.iter().find(|one| one.name == name).map_or(String::new(), |one| one.value.clone())
        };
        reported(partner, secrets, of, Capability::Return)
    }
}

fn named(found: &mut Findings, reference: &str, request: &str) {
    name(found, "/reference", reference, REFERENCE_MAX);
    name(found, "/request", request, REFERENCE_MAX);
}

/// The notice about a refund, which `orderId` names.
fn named_refund(refund: &Refund<'_>, notice: Notice) -> Notice {
    let reference = Some(refund.question.reference.to_owned());
    Notice { reference, refund_reference: Some(refund.refund_reference.to_owned()), ..notice }
}

/// `name=value` pairs as they are signed. `None` if a value contains the name of another one.
fn joined(pairs: &[(&str, String)]) -> Option<String> {
    let is_ambiguous = pairs
        .iter()
        .any(|(_, value)| pairs.iter().any(|(name, _)| value.contains(&format!("&{name}="))));
    let texts: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if is_ambiguous { None } else { Some(texts.join("&")) }
}

/// A body of JSON with these values, except the access key, and their signature.
fn signed_body(
    secrets: &Secrets,
    mut found: Findings,
    signed: &[(&str, String)],
    lang: &str,
    numbers: &[&str],
) -> Result<Vec<u8>, Unable> {
    let text = joined(signed);
    if text.is_none() {
        let (vi, en) = (
            "một giá trị chứa tên của giá trị khác được ký, ví dụ `&orderId=`",
            "a value contains the name of another signed value, as `&orderId=`",
        );
        found.add("", vi, en);
    }
    let text = found.or(text.unwrap_or_default()).map_err(Unable::Values)?;
    let signature = secrets.sign(Algorithm::HmacSha256, text.as_bytes());
    let signature = hex(&signature.ok_or(Unable::NoSecret)?);
    let mut body = json!({"lang": lang, "signature": signature});
    for (name, value) in signed.iter().filter(|(name, _)| *name != "accessKey") {
        let number = numbers.contains(name).then(|| value.parse::<i64>().ok()).flatten();
        if let Some(place) = body.as_object_mut() {
            place.insert((*name).to_owned(), number.map_or_else(|| json!(value), Value::from));
        }
    }
    Ok(body.to_string().into_bytes())
}

/// The members of an unsigned response.
fn members(response: Response<'_>) -> Result<Members, Rejected> {
    Members::of(response.body).ok_or_else(|| {
        let (vi, en) = ("trả lời không phải đối tượng JSON", "the response is no object of JSON");
        Rejected::Content(Findings::one("", vi, en))
    })
}

/// The refunds in the response to a query; `Members` has taken its form and size.
fn refunds(body: &[u8]) -> Vec<Value> {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let rows = body.as_ref().and_then(|body| body.get("refundTrans")?.as_array().cloned());
    rows.unwrap_or_default()
}

/// The text of a scalar of a refund.
fn text(row: &Value, name: &str) -> String {
    match row.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(value @ Value::Number(_)) => value.to_string(),
        _ => String::new(),
    }
}

fn reported(
    partner: &Partner,
    secrets: &Secrets,
    of: impl Fn(&str) -> String,
    by: Capability,
) -> Result<Notice, Rejected> {
    let access_key = partner.setting(&DESCRIPTION, "access_key").to_owned();
    let mut signed = vec![("accessKey", access_key)];
    signed.extend(REPORTED.iter().map(|name| (*name, of(name))));
    let all: Vec<String> =
        signed.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let wrong = |problem, canonical: &str| {
        let canonical = canonical.as_bytes();
        Rejected::Signature(WrongSignature::new(NAME, secrets, problem, canonical))
    };
    let text = joined(&signed);
    let text = text.ok_or_else(|| wrong(SignatureProblem::Form, &all.join("&")))?;
    let signature = of("signature");
    if signature.is_empty() {
        return Err(wrong(SignatureProblem::Missing, &text));
    }
    let signature = unhex(&signature).ok_or_else(|| wrong(SignatureProblem::Encoding, &text))?;
    let texts = [text.clone().into_bytes()];
    let key = secrets.verify(Algorithm::HmacSha256, &texts, &signature);
    let key = Some(key.ok_or_else(|| wrong(SignatureProblem::Different, &text))?.to_owned());

    let mut reading = Reading::new(of);
    reading.expect("partnerCode", partner.setting(&DESCRIPTION, "partner_code"));
    let code = reading.text("resultCode");
    let outcome = outcome(&partner.statuses, DESCRIPTION.statuses, &code);
    let amount = Some(reading.amount("amount", 1));
    let paid_at = reading.milliseconds("responseTime");
    let notice = Fact { outcome, code, amount, paid_at, by, key }.read(&mut reading, None);
    reading.or(notice)
}

struct Fact {
    outcome: Outcome,
    code: String,
    amount: Option<Vnd>,
    paid_at: Option<Timestamp>,
    by: Capability,
    key: Option<String>,
}

impl Fact {
    /// The notice. MoMo has no id of reports: the transaction and its result name the fact.
    fn read<F: Fn(&str) -> String>(
        self,
        reading: &mut Reading<F>,
        reference: Option<&str>,
    ) -> Notice {
        let Self { outcome, code, amount, paid_at, by, key } = self;
        let reference = match reference {
            Some(reference) => reference.to_owned(),
            None => reading.text("orderId"),
        };
        let transaction = reading.optional("transId").filter(|number| number != "0");
        if matches!(outcome, Outcome::Captured | Outcome::Refunded) && transaction.is_none() {
            reading.found.add("/transId", "không có", "is missing");
        }
        let number = transaction.as_deref().unwrap_or("0");
        let event = format!("{reference}:{number}:{code}");
        let reference = Some(reference);
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
}

#[cfg(test)]
mod tests;
