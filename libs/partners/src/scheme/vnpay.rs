//! VNPAY 2.1.0: redirect, report by query (IPN), return, query (`querydr`) and refund, signed with
//! HMAC-SHA512. Source: <https://sandbox.vnpayment.vn/apis/docs/thanh-toan-pay/pay.html> and
//! <https://sandbox.vnpayment.vn/apis/docs/truy-van-hoan-tien/querydr&refund.html>.
//!
//! A query is signed as sorted, form-encoded text. Which characters are encoded differs between the
//! languages in which VNPAY gives examples, as does whether empty values are signed. So a report
//! counts if the signature is that of the parameters as they were sent, or as we encode them, with
//! or without the empty ones. In each case the signed string says which values were signed; what is
//! not in it is not read.

use jiff::Timestamp;
use serde_json::{Map, Value};

use self::answer::{QUERY_ANSWER, REFUND_ANSWER, answered};
use super::read::{Reading, name, payable, without};
use super::{Basis, Description, Scheme, Setting, outcome};
use crate::canonical::{Parameter, encoded, parameters, plain};
use crate::finding::Findings;
use crate::message::{Incoming, Order, Outgoing, Question, Refund, Response, Start, Unable};
use crate::notice::{Notice, Rejected, SignatureProblem, WrongSignature};
use crate::partner::Partner;
use crate::secret::{Algorithm, Secrets, hex, unhex};
use crate::terms::{Answer, Capability, Outcome};
use crate::time::compact;

mod answer;

/// See the module.
#[derive(Debug)]
pub(super) struct Vnpay;

const NAME: &str = "vnpay-2.1.0";
/// Parts of a đồng in which amounts are sent.
const PARTS: i64 = 100;
/// Maximum length of `vnp_TxnRef` and `vnp_RequestId`.
const REFERENCE_MAX: usize = 100;
const REQUEST_MAX: usize = 32;
const TEXT_MAX: usize = 255;
const HASH: &str = "vnp_SecureHash";
const DONE: &str = "00";
/// Our code of an answer that may be about another refund of the payment.
const OTHER: &str = "other-refund";

static DESCRIPTION: Description = Description {
    name: NAME,
    source: "https://sandbox.vnpayment.vn/apis/docs/thanh-toan-pay/pay.html",
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
        Setting::required("merchant"),
        Setting::default("order_type", "other"),
        Setting::default("bank", ""),
    ],
    fields: &[],
    // vnp_TransactionStatus. 04: the bank debited the payer, and VNPAY has no success; 07: the
    // payer was debited, and VNPAY suspects fraud. In both it is open what becomes of the money.
    statuses: &[
        (DONE, Outcome::Captured),
        ("01", Outcome::Pending),
        ("02", Outcome::Failed),
        ("04", Outcome::Pending),
        ("07", Outcome::Pending),
    ],
    // 05: VNPAY works on it; 06: VNPAY has sent it to the bank; 09: refused.
    refund_statuses: &[
        (DONE, Outcome::Refunded),
        ("05", Outcome::Pending),
        ("06", Outcome::Pending),
        ("09", Outcome::Failed),
    ],
    names_refunds: false,
    replies: &[
        (Answer::Taken, 200, r#"{"RspCode":"00","Message":"Confirm Success"}"#),
        (Answer::Known, 200, r#"{"RspCode":"02","Message":"Order already confirmed"}"#),
        (Answer::Unmatched, 200, r#"{"RspCode":"01","Message":"Order not found"}"#),
        (Answer::AmountDiffers, 200, r#"{"RspCode":"04","Message":"Invalid amount"}"#),
        (Answer::Impossible, 200, r#"{"RspCode":"99","Message":"Unknown error"}"#),
        (Answer::WrongSignature, 200, r#"{"RspCode":"97","Message":"Invalid Checksum"}"#),
        (Answer::TryAgain, 200, r#"{"RspCode":"99","Message":"Unknown error"}"#),
    ],
};

impl Scheme for Vnpay {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn pay(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        order: &Order<'_>,
    ) -> Result<Start, Unable> {
        let base = partner.call(Capability::Pay)?;
        let mut found = Findings::default();
        payable(&mut found, partner, order.amount);
        name(&mut found, "/reference", order.reference, REFERENCE_MAX);
        found.or(()).map_err(Unable::Values)?;
        let merchant = partner.setting(&DESCRIPTION, "merchant");
        let expires = order.expires_at.map(compact).unwrap_or_default();
        let mut values = vec![
            ("vnp_Amount", cents(order.amount.0)),
            ("vnp_BankCode", partner.setting(&DESCRIPTION, "bank").to_owned()),
            ("vnp_Command", "pay".to_owned()),
            ("vnp_CreateDate", compact(order.created_at)),
            ("vnp_CurrCode", "VND".to_owned()),
            ("vnp_ExpireDate", expires),
            ("vnp_IpAddr", order.payer_ip.to_owned()),
            ("vnp_Locale", if order.english { "en" } else { "vn" }.to_owned()),
            ("vnp_OrderInfo", plain(order.text, TEXT_MAX)),
            ("vnp_OrderType", partner.setting(&DESCRIPTION, "order_type").to_owned()),
            ("vnp_ReturnUrl", order.return_url.to_owned()),
            ("vnp_TmnCode", merchant.to_owned()),
            ("vnp_TxnRef", order.reference.to_owned()),
            ("vnp_Version", "2.1.0".to_owned()),
        ];
        values.retain(|(_, value)| !value.is_empty());
        let signed: Vec<String> =
            values.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let signed = signed.join("&");
        let hash = secrets.sign(Algorithm::HmacSha512, signed.as_bytes());
        let hash = hex(&hash.ok_or(Unable::NoSecret)?);
        let mut url = base.clone();
        url.set_query(None);
        Ok(Start::Redirect(format!("{url}?{signed}&{HASH}={hash}")))
    }

    fn query(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        question: Question<'_>,
    ) -> Result<Outgoing, Unable> {
        let url = partner.call(Capability::Query)?;
        let found = named(&question);
        let text = format!("Truy van {}", question.reference);
        let values = [
            ("vnp_RequestId", question.request.to_owned()),
            ("vnp_Version", "2.1.0".to_owned()),
            ("vnp_Command", "querydr".to_owned()),
            ("vnp_TmnCode", partner.setting(&DESCRIPTION, "merchant").to_owned()),
            ("vnp_TxnRef", question.reference.to_owned()),
            ("vnp_TransactionDate", compact(question.ordered_at)),
            ("vnp_CreateDate", compact(question.asked_at)),
            ("vnp_IpAddr", question.our_ip.to_owned()),
            ("vnp_OrderInfo", text),
        ];
        let body = piped(secrets, found, &values, question.transaction)?;
        Ok(Outgoing::json(url, body))
    }

    fn queried(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        question: Question<'_>,
        response: Response<'_>,
    ) -> Result<Notice, Rejected> {
        let (members, key) = answered(secrets, response, QUERY_ANSWER)?;
        let mut reading = Reading::new(|name: &str| members.text(name));
        reading.expect("vnp_TmnCode", partner.setting(&DESCRIPTION, "merchant"));
        reading.expect("vnp_TxnRef", question.reference);
        let code = reading.text("vnp_ResponseCode");
        if code != DONE {
            // The question failed, or the transaction is not known: it decides nothing.
            let event = format!("{}:query:{code}", question.reference);
            let notice = unknown(event, question.reference, code, Capability::Query, key);
            return reading.or(notice);
        }
        let returns_money = matches!(&*members.text("vnp_TransactionType"), "02" | "03");
        let status = reading.text("vnp_TransactionStatus");
        let outcome = if returns_money {
            outcome(&partner.refund_statuses, DESCRIPTION.refund_statuses, &status)
        } else {
            outcome(&partner.statuses, DESCRIPTION.statuses, &status)
        };
        let notice = fact(&mut reading, outcome, status, Capability::Query, key);
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
        let question = &refund.question;
        let mut found = named(question);
        payable(&mut found, partner, refund.amount);
        let kind = if refund.amount < refund.captured { "03" } else { "02" };
        let values = [
            ("vnp_RequestId", question.request.to_owned()),
            ("vnp_Version", "2.1.0".to_owned()),
            ("vnp_Command", "refund".to_owned()),
            ("vnp_TmnCode", partner.setting(&DESCRIPTION, "merchant").to_owned()),
            ("vnp_TransactionType", kind.to_owned()),
            ("vnp_TxnRef", question.reference.to_owned()),
            ("vnp_Amount", cents(refund.amount.0)),
            ("vnp_TransactionNo", question.transaction.unwrap_or("0").to_owned()),
            ("vnp_TransactionDate", compact(question.ordered_at)),
            ("vnp_CreateBy", plain(refund.by, 245)),
            ("vnp_CreateDate", compact(question.asked_at)),
            ("vnp_IpAddr", question.our_ip.to_owned()),
            ("vnp_OrderInfo", plain(refund.reason, TEXT_MAX)),
        ];
        Ok(Outgoing::json(url, piped(secrets, found, &values, None)?))
    }

    fn refunded(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        refund: &Refund<'_>,
        response: Response<'_>,
    ) -> Result<Notice, Rejected> {
        let (members, key) = answered(secrets, response, REFUND_ANSWER)?;
        let mut reading = Reading::new(|name: &str| members.text(name));
        reading.expect("vnp_TmnCode", partner.setting(&DESCRIPTION, "merchant"));
        reading.expect("vnp_TxnRef", refund.question.reference);
        let code = reading.text("vnp_ResponseCode");
        if code != DONE {
            // 94: the same request is worked on; 99: not known. Any other one refuses it.
            let outcome =
                if matches!(&*code, "94" | "99") { Outcome::Pending } else { Outcome::Failed };
            let event = format!("{}:refund:{code}", refund.refund_reference);
            let notice = unknown(event, refund.question.reference, code, Capability::Refund, key);
            return reading.or(Notice { outcome, ..notice });
        }
        let status = members.some("vnp_TransactionStatus").unwrap_or_else(|| "05".to_owned());
        let outcome = outcome(&partner.refund_statuses, DESCRIPTION.refund_statuses, &status);
        let mut notice = fact(&mut reading, outcome, status, Capability::Refund, key);
        if notice.transaction.is_none() {
            // Two refunds of one payment are two facts.
            notice.event = format!("{}:refund:{}", refund.refund_reference, notice.code);
            notice.outcome = Outcome::Pending;
        }
        // VNPAY answers about another refund of the payment.
        if notice.transaction.as_ref().is_some_and(|number| refund.is_of_another(number)) {
            notice = Notice { outcome: Outcome::Pending, code: OTHER.to_owned(), ..notice };
        }
        reading.or(notice)
    }

    /// VNPAY does not take the id of a refund in a query: it is asked about the payment.
    fn query_refund(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        refund: &Refund<'_>,
    ) -> Result<Outgoing, Unable> {
        self.query(partner, secrets, Question { transaction: None, ..refund.question })
    }

    fn refund_queried(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        refund: &Refund<'_>,
        response: Response<'_>,
    ) -> Result<Option<Notice>, Rejected> {
        let (members, _) = answered(secrets, response, QUERY_ANSWER)?;
        let is_answered = members.text("vnp_ResponseCode") == DONE;
        let notice = self.queried(partner, secrets, refund.question, response)?;
        let by = Capability::Refund;
        if !is_answered {
            return Ok(Some(Notice { outcome: Outcome::Pending, by, ..notice }));
        }
        let kind = members.text("vnp_TransactionType");
        // 01: the payment itself, from which nothing was returned. A status of refunds contradicts
        // it.
        if kind == "01" && members.text("vnp_TransactionStatus") == DONE {
            return Ok(None);
        }
        // Another refund of the payment leaves open what became of this one.
        let is_ours = matches!(&*kind, "02" | "03")
            && notice.amount == Some(refund.amount)
            && refund.is_named_by(notice.transaction.as_deref(), notice.outcome);
        let outcome = if is_ours { notice.outcome } else { Outcome::Pending };
        let code = if is_ours { notice.code.clone() } else { OTHER.to_owned() };
        Ok(Some(Notice { outcome, code, by, ..notice }))
    }

    fn notice(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        incoming: Incoming<'_>,
        _: Timestamp,
    ) -> Result<Notice, Rejected> {
        reported(partner, secrets, incoming, Capability::Notify)
    }

    fn returned(
        &self,
        partner: &Partner,
        secrets: &Secrets,
        incoming: Incoming<'_>,
    ) -> Result<Notice, Rejected> {
        reported(partner, secrets, incoming, Capability::Return)
    }
}

fn cents(amount: i64) -> String {
    amount.saturating_mul(PARTS).to_string()
}

fn named(question: &Question<'_>) -> Findings {
    let mut found = Findings::default();
    name(&mut found, "/reference", question.reference, REFERENCE_MAX);
    name(&mut found, "/request", question.request, REQUEST_MAX);
    found
}

/// A body of JSON with these values, signed over the values joined with `|`.
fn piped(
    secrets: &Secrets,
    mut found: Findings,
    values: &[(&str, String)],
    transaction: Option<&str>,
) -> Result<Vec<u8>, Unable> {
    let texts: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, &**value)).collect();
    without(&mut found, "|", &texts);
    found.or(()).map_err(Unable::Values)?;
    let signed: Vec<&str> = texts.iter().map(|(_, value)| *value).collect();
    let hash = secrets.sign(Algorithm::HmacSha512, signed.join("|").as_bytes());
    let hash = hex(&hash.ok_or(Unable::NoSecret)?);
    let mut body: Map<String, Value> =
        texts.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    if let Some(number) = transaction {
        body.insert("vnp_TransactionNo".to_owned(), Value::from(number));
    }
    body.insert(HASH.to_owned(), Value::from(hash));
    Ok(Value::Object(body).to_string().into_bytes())
}

/// The strings that may have been signed; the documented one first.
fn candidates(signed: &[&Parameter<'_>]) -> Vec<Vec<u8>> {
    let as_sent: fn(&Parameter<'_>) -> String = |one| one.raw.to_owned();
    let as_ours: fn(&Parameter<'_>) -> String =
        |one| format!("{}={}", encoded(&one.name), encoded(&one.value));
    let mut all: Vec<Vec<u8>> = Vec::new();
    for with_empty in [false, true] {
        for text in [as_ours, as_sent] {
            let chosen = signed.iter().filter(|one| with_empty || !one.value.is_empty());
            let texts: Vec<String> = chosen.map(|one| text(one)).collect();
            let candidate = texts.join("&").into_bytes();
            if !all.contains(&candidate) {
                all.push(candidate);
            }
        }
    }
    all
}

fn reported(
    partner: &Partner,
    secrets: &Secrets,
    incoming: Incoming<'_>,
    by: Capability,
) -> Result<Notice, Rejected> {
    let wrong = |problem, canonical: &[u8]| {
        Rejected::Signature(WrongSignature::new(NAME, secrets, problem, canonical))
    };
    let all = parameters(incoming.query);
    let all = all.ok_or_else(|| wrong(SignatureProblem::Form, incoming.query.as_bytes()))?;
    let of = |name: &str| {
        all.iter().find(|one| one.name == name).map_or(String::new(), |one| one.value.clone())
    };
    let is_signed = |one: &&Parameter<'_>| {
        one.name.starts_with("vnp_") && one.name != HASH && one.name != "vnp_SecureHashType"
    };
    let mut signed: Vec<&Parameter<'_>> = all.iter().filter(is_signed).collect();
    signed.sort_by(|a, b| a.name.cmp(&b.name));
    let candidates = candidates(&signed);
    let canonical = candidates.first().map_or(&[][..], |first| &**first);
    // A request of ours has the same signature, and comes back if a payer sends it.
    if all.iter().any(|one| one.name == "vnp_Command") {
        return Err(wrong(SignatureProblem::Form, canonical));
    }
    let hash = of(HASH);
    if hash.is_empty() {
        return Err(wrong(SignatureProblem::Missing, canonical));
    }
    let hash = unhex(&hash).ok_or_else(|| wrong(SignatureProblem::Encoding, canonical))?;
    let key = secrets.verify(Algorithm::HmacSha512, &candidates, &hash);
    let key = key.ok_or_else(|| wrong(SignatureProblem::Different, canonical))?;

    let mut reading = Reading::new(of);
    reading.expect("vnp_TmnCode", partner.setting(&DESCRIPTION, "merchant"));
    reading.expect("vnp_CurrCode", "VND");
    let code = reading.text("vnp_ResponseCode");
    let status = reading.optional("vnp_TransactionStatus").unwrap_or_else(|| code.clone());
    let of_status = outcome(&partner.statuses, DESCRIPTION.statuses, &status);
    // It has succeeded only if both say so (VNPAY, "Mã tham chiếu").
    let is_doubtful = of_status == Outcome::Captured && code != DONE;
    let outcome = if is_doubtful { Outcome::Pending } else { of_status };
    // Another name than that of a capture, which may follow.
    let status = if is_doubtful { format!("{status}-{code}") } else { status };
    let notice = fact(&mut reading, outcome, status, by, Some(key.to_owned()));
    reading.or(notice)
}

/// The fact in a verified message. VNPAY has no id of reports: the transaction and its status name
/// the fact, so that a report and the answer to a query about it have one name.
fn fact<F: Fn(&str) -> String>(
    reading: &mut Reading<F>,
    outcome: Outcome,
    status: String,
    by: Capability,
    key: Option<String>,
) -> Notice {
    let reference = reading.text("vnp_TxnRef");
    let transaction = reading.optional("vnp_TransactionNo").filter(|number| number != "0");
    let amount = Some(reading.amount("vnp_Amount", PARTS));
    let paid_at = reading.compact_time("vnp_PayDate");
    if matches!(outcome, Outcome::Captured) && transaction.is_none() {
        reading.found.add("/vnp_TransactionNo", "không có", "is missing");
    }
    let number = transaction.as_deref().unwrap_or("0");
    let event = format!("{reference}:{number}:{status}");
    let reference = Some(reference);
    Notice {
        event,
        reference,
        refund_reference: None,
        dispute: None,
        transaction,
        amount,
        outcome,
        code: status,
        paid_at,
        by,
        key,
    }
}

fn unknown(
    event: String,
    reference: &str,
    code: String,
    by: Capability,
    key: Option<String>,
) -> Notice {
    let reference = Some(reference.to_owned());
    let (transaction, amount, outcome, paid_at) = (None, None, Outcome::Pending, None);
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
