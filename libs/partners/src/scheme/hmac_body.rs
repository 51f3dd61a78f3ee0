//! JSON messages with an HMAC over the exact body in a header, as many gateways have it, with names
//! and codes from the partner's file. With `timestamp_header`, the time is signed before the body
//! (`time.body`), and messages that are too old are refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::read::{Reading, name, payable};
use super::{Basis, Description, Scheme, Setting, outcome};
use crate::finding::Findings;
use crate::limits::MESSAGE_BYTES_MAX;
use crate::message::{Incoming, Order, Outgoing, Question, Refund, Response, Start, Unable};
use crate::notice::{Dispute, Notice, Rejected, SignatureProblem, WrongSignature};
use crate::partner::Partner;
use crate::secret::{Algorithm, Secrets, hex, unhex};
use crate::terms::{Answer, Capability, Outcome};
use crate::time::parse_compact;

/// See the module.
#[derive(Debug)]
pub(super) struct HmacBody;

const NAME: &str = "hmac-body";
const REFERENCE_MAX: usize = 100;
/// Status of a refund that the partner has not got.
const NOT_FOUND: &str = "not_found";

static DESCRIPTION: Description = Description {
    name: NAME,
    source: "RFC 2104; names and codes are those of the partner's file",
    capabilities: &[
        (Capability::Notify, Basis::Documented),
        (Capability::Pay, Basis::Unverified),
        (Capability::Query, Basis::Unverified),
        (Capability::Refund, Basis::Unverified),
        (Capability::RefundPart, Basis::Unverified),
    ],
    calls: &[Capability::Pay, Capability::Query, Capability::Refund],
    signs: true,
    needs_accounts: false,
    settings: &[
        Setting::default("signature_header", "x-signature"),
        Setting::default("signature_prefix", ""),
        Setting { name: "algorithm", default: Some("sha256"), one_of: &["sha256", "sha512"] },
        Setting { name: "encoding", default: Some("hex"), one_of: &["hex", "base64"] },
        Setting::default("timestamp_header", ""),
        Setting::default("age_seconds_max", "300"),
        Setting { name: "amount_parts", default: Some("1"), one_of: &["1", "100"] },
        Setting {
            name: "time_format",
            default: Some("rfc3339"),
            one_of: &["rfc3339", "unix", "unix_ms", "yyyyMMddHHmmss"],
        },
    ],
    fields: &[
        Setting::default("event", "/event"),
        Setting::default("reference", "/reference"),
        Setting::default("refund_reference", "/refund_reference"),
        Setting::default("transaction", "/transaction"),
        Setting::default("amount", "/amount_vnd"),
        Setting::default("currency", "/currency"),
        Setting::default("status", "/kind"),
        Setting::default("paid_at", "/paid_at"),
        Setting::default("dispute", "/dispute"),
        Setting::default("answer_by", "/answer_by"),
        Setting::default("next_url", "/next_url"),
    ],
    statuses: &[
        ("captured", Outcome::Captured),
        ("failed", Outcome::Failed),
        ("pending", Outcome::Pending),
        ("refunded", Outcome::Refunded),
        ("reversed", Outcome::Reversed),
        ("disputed", Outcome::Disputed),
        ("dispute_kept", Outcome::DisputeKept),
        ("dispute_lost", Outcome::DisputeLost),
    ],
    refund_statuses: &[
        ("refunded", Outcome::Refunded),
        ("failed", Outcome::Failed),
        ("pending", Outcome::Pending),
    ],
    names_refunds: true,
    replies: &[
        (Answer::Taken, 200, r#"{"matched":true}"#),
        (Answer::Known, 200, r#"{"matched":true}"#),
        (Answer::Unmatched, 200, r#"{"matched":false}"#),
        (Answer::AmountDiffers, 200, r#"{"matched":true}"#),
        (Answer::Impossible, 200, r#"{"matched":false}"#),
        (Answer::WrongSignature, 401, ""),
        (Answer::TryAgain, 503, ""),
    ],
};

impl Scheme for HmacBody {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn pay(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        order: &Order<'_>,
    ) -> Result<Start, Unable> {
        let mut found = Findings::default();
        payable(&mut found, partner, order.amount);
        name(&mut found, "/reference", order.reference, REFERENCE_MAX);
        let body = json!({
            "reference": order.reference,
            "request": order.request,
            "amount_vnd": order.amount.0,
            "text": order.text,
            "return_url": order.return_url,
            "notify_url": order.notify_url,
            "expires_at": order.expires_at.map(|at| at.to_string()),
        });
        let call = call(partner, secrets, Capability::Pay, found, &body, order.created_at)?;
        Ok(Start::Call(call))
    }

    fn opened(
        &self,
        partner: &Partner,
        _: &Secrets,
        order: &Order<'_>,
        response: Response<'_>,
    ) -> Result<String, Rejected> {
        let body = object(response.body)?;
        let mut reading = Reading::new(|pointer: &str| scalar(&body, pointer));
        reading.expect(partner.field(&DESCRIPTION, "reference"), order.reference);
        let url = reading.link(partner.field(&DESCRIPTION, "next_url"), partner);
        reading.or(url)
    }

    fn query(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        question: Question<'_>,
    ) -> Result<Outgoing, Unable> {
        let mut found = Findings::default();
        name(&mut found, "/reference", question.reference, REFERENCE_MAX);
        let body = json!({"reference": question.reference, "request": question.request});
        call(partner, secrets, Capability::Query, found, &body, question.asked_at)
    }

    fn queried(
        &self,
        partner: &Partner,
        _: &Secrets,
        question: Question<'_>,
        response: Response<'_>,
    ) -> Result<Notice, Rejected> {
        let body = object(response.body)?;
        let notice = fact(partner, &body, Capability::Query, None)?;
        let reference = notice.reference.as_deref();
        let is_ours = reference == Some(question.reference);
        let found = if is_ours { Findings::default() } else { other(question.reference) };
        found.or(notice).map_err(Rejected::Content)
    }

    fn refund(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        refund: &Refund<'_>,
    ) -> Result<Outgoing, Unable> {
        partner.returns(refund.amount, refund.captured)?;
        let mut found = Findings::default();
        payable(&mut found, partner, refund.amount);
        name(&mut found, "/reference", refund.question.reference, REFERENCE_MAX);
        let body = json!({
            "reference": refund.question.reference,
            "refund_reference": refund.refund_reference,
            "request": refund.question.request,
            "transaction": refund.question.transaction,
            "amount_vnd": refund.amount.0,
            "reason": refund.reason,
        });
        let now = refund.question.asked_at;
        call(partner, secrets, Capability::Refund, found, &body, now)
    }

    fn refunded(
        &self,
        partner: &Partner,
        _: &Secrets,
        refund: &Refund<'_>,
        response: Response<'_>,
    ) -> Result<Notice, Rejected> {
        let body = object(response.body)?;
        let notice = fact(partner, &body, Capability::Refund, None)?;
        let is_ours = notice.reference.as_deref() == Some(refund.question.reference);
        let found = if is_ours { Findings::default() } else { other(refund.question.reference) };
        let notice = found.or(notice).map_err(Rejected::Content)?;
        // The gateway may answer about another refund of the payment.
        let is_named = notice.refund_reference.as_deref() == Some(refund.refund_reference);
        let number = notice.transaction.as_ref();
        if is_named && !number.is_some_and(|number| refund.is_of_another(number)) {
            return Ok(notice);
        }
        Ok(Notice { outcome: Outcome::Pending, code: "other-refund".to_owned(), ..notice })
    }

    fn query_refund(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        refund: &Refund<'_>,
    ) -> Result<Outgoing, Unable> {
        let mut found = Findings::default();
        name(&mut found, "/reference", refund.question.reference, REFERENCE_MAX);
        let body = json!({
            "reference": refund.question.reference,
            "refund_reference": refund.refund_reference,
            "request": refund.question.request,
        });
        call(partner, secrets, Capability::Query, found, &body, refund.question.asked_at)
    }

    fn refund_queried(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        refund: &Refund<'_>,
        response: Response<'_>,
    ) -> Result<Option<Notice>, Rejected> {
        let body = object(response.body)?;
        let of = |name| scalar(&body, partner.field(&DESCRIPTION, name));
        if of("status") == NOT_FOUND {
            let mut reading = Reading::new(|pointer: &str| scalar(&body, pointer));
            let field = partner.field(&DESCRIPTION, "refund_reference");
            reading.require(field, refund.refund_reference);
            return reading.or(None);
        }
        self.refunded(partner, secrets, refund, response).map(Some)
    }

    fn notice(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        incoming: Incoming<'_>,
        now: Timestamp,
    ) -> Result<Notice, Rejected> {
        let setting = |name| partner.setting(&DESCRIPTION, name);
        let time = incoming.header(setting("timestamp_header"));
        let text = signed(partner, time, incoming.body);
        let wrong =
            |problem| Rejected::Signature(WrongSignature::new(NAME, secrets, problem, &text));
        if incoming.body.len() > MESSAGE_BYTES_MAX {
            return Err(wrong(SignatureProblem::Form));
        }
        let given = incoming.header(setting("signature_header"));
        let given = given.ok_or_else(|| wrong(SignatureProblem::Missing))?.trim();
        let given = given.strip_prefix(setting("signature_prefix")).and_then(|given| {
            if setting("encoding") == "hex" { unhex(given) } else { STANDARD.decode(given).ok() }
        });
        let given = given.ok_or_else(|| wrong(SignatureProblem::Encoding))?;
        let texts = std::slice::from_ref(&text);
        let key = secrets.verify(algorithm(partner), texts, &given);
        let key = key.ok_or_else(|| wrong(SignatureProblem::Different))?.to_owned();
        if !setting("timestamp_header").is_empty() {
            let at = time.and_then(|time| time.trim().parse().ok());
            let at = at.and_then(|seconds| Timestamp::from_second(seconds).ok());
            let age_max = setting("age_seconds_max").parse().unwrap_or(0);
            let age_max = SignedDuration::from_secs(age_max);
            let is_near = at.is_some_and(|at| now.duration_since(at).abs() <= age_max);
            if !is_near {
                return Err(wrong(SignatureProblem::Age));
            }
        }
        fact(partner, &object(incoming.body)?, Capability::Notify, Some(key))
    }
}

fn algorithm(partner: &Partner) -> Algorithm {
    match partner.setting(&DESCRIPTION, "algorithm") {
        "sha512" => Algorithm::HmacSha512,
        _ => Algorithm::HmacSha256,
    }
}

/// The bytes that are signed.
fn signed(partner: &Partner, time: Option<&str>, body: &[u8]) -> Vec<u8> {
    if partner.setting(&DESCRIPTION, "timestamp_header").is_empty() {
        return body.to_vec();
    }
    [time.unwrap_or_default().as_bytes(), b".", body].concat()
}

fn call(
    partner: &Partner,
    secrets: &Secrets,
    capability: Capability,
    found: Findings,
    body: &Value,
    now: Timestamp,
) -> Result<Outgoing, Unable> {
    let url = partner.call(capability)?;
    found.or(()).map_err(Unable::Values)?;
    let body = body.to_string().into_bytes();
    let setting = |name| partner.setting(&DESCRIPTION, name);
    let time = now.as_second().to_string();
    let signature = secrets.sign(algorithm(partner), &signed(partner, Some(&time), &body));
    let signature = signature.ok_or(Unable::NoSecret)?;
    let text =
        if setting("encoding") == "hex" { hex(&signature) } else { STANDARD.encode(signature) };
    let mut outgoing = Outgoing::json(url, body);
    let header = setting("signature_header").to_owned();
    outgoing.headers.push((header, format!("{}{text}", setting("signature_prefix"))));
    if !setting("timestamp_header").is_empty() {
        outgoing.headers.push((setting("timestamp_header").to_owned(), time));
    }
    Ok(outgoing)
}

fn object(bytes: &[u8]) -> Result<Value, Rejected> {
    let body = serde_json::from_slice(bytes).ok().filter(Value::is_object);
    body.filter(|_| bytes.len() <= MESSAGE_BYTES_MAX).ok_or_else(|| {
        let (vi, en) = ("không phải đối tượng JSON", "is no object of JSON");
        Rejected::Content(Findings::one("", vi, en))
    })
}

/// The text of a scalar at a JSON Pointer.
fn scalar(body: &Value, pointer: &str) -> String {
    match body.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
        _ => String::new(),
    }
}

fn other(reference: &str) -> Findings {
    let (vi, en) = (format!("không phải `{reference}`"), format!("is not `{reference}`"));
    Findings::one("/reference", vi, en)
}

fn fact(
    partner: &Partner,
    body: &Value,
    by: Capability,
    key: Option<String>,
) -> Result<Notice, Rejected> {
    let mut reading = Reading::new(|pointer: &str| scalar(body, pointer));
    let field = |name| partner.field(&DESCRIPTION, name);
    let setting = |name| partner.setting(&DESCRIPTION, name);
    reading.expect(field("currency"), "VND");
    let code = reading.text(field("status"));
    let outcome = if by == Capability::Refund {
        outcome(&partner.refund_statuses, DESCRIPTION.refund_statuses, &code)
    } else {
        outcome(&partner.statuses, DESCRIPTION.statuses, &code)
    };
    let parts = setting("amount_parts").parse().unwrap_or(1);
    let time = |reading: &mut Reading<_>, name| {
        let text = reading.optional(field(name))?;
        let number = || text.parse::<i64>().ok();
        let at = match setting("time_format") {
            "unix" => number().and_then(|number| Timestamp::from_second(number).ok()),
            "unix_ms" => number().and_then(|number| Timestamp::from_millisecond(number).ok()),
            "rfc3339" => text.parse().ok(),
            _ => parse_compact(&text),
        };
        if at.is_none() {
            reading.no_time(field(name), &text);
        }
        at
    };
    let (paid_at, answer_by) = (time(&mut reading, "paid_at"), time(&mut reading, "answer_by"));
    let number = reading.optional(field("dispute"));
    let is_dispute =
        matches!(outcome, Outcome::Disputed | Outcome::DisputeKept | Outcome::DisputeLost);
    let notice = Notice {
        event: reading.text(field("event")),
        reference: reading.optional(field("reference")),
        refund_reference: reading.optional(field("refund_reference")),
        dispute: is_dispute.then_some(Dispute { number, answer_by }),
        transaction: reading.optional(field("transaction")),
        amount: Some(reading.amount(field("amount"), parts)),
        outcome,
        code,
        paid_at,
        by,
        key,
    };
    reading.or(notice)
}

#[cfg(test)]
mod tests;
