//! Receives the message of a payment partner, in its words: signed by its scheme, without a token.
//! The law: `libs/dossier/src/payment/take_notice.rs`.
//!
//! The signature is verified over the exact bytes. A message with a wrong one is counted and
//! logged, and not recorded; one with a right signature is recorded before it is answered.

use std::sync::Arc;

use dossier::contract::{NoticeUnmatched, Personal, Vnd};
use http::{HeaderName, StatusCode};
use partners::{Answer, Capability, Findings, Incoming, Rejected, WrongSignature};
use sha2::{Digest, Sha256};
use web::limits::MESSAGE_BYTES_MAX;
use web::{Operation, Problem, Reply, Request};

use crate::App;
use crate::partners::Known;
use crate::record::Report;

const ADDRESS: &str = "/v1/partners/{partner}/notices";
/// Whatever the partner sends and wants to be answered.
const WORDS: &[&str] = &["application/octet-stream"];
/// What the partner needs to find out why its signature is refused.
const SIGNATURE: HeaderName = HeaderName::from_static("signature-error");
const DESCRIPTION: &str = "Body, parameters and answer are in the partner's words (docs/partners.md). A wrong signature is \
     refused, with scheme, names of the keys and the SHA-256 of the string over which a signature is expected, in \
     the header `Signature-Error`.";

pub(super) fn get() -> Operation<App> {
    Operation::get(ADDRESS, "take_partner_call", "Record a payment partner's report by query")
        .describe(DESCRIPTION)
        .parameter("partner", "Name of the partner.")
        .message(WORDS)
        .handle(handle)
}

pub(super) fn post() -> Operation<App> {
    Operation::post(ADDRESS, "take_partner_message", "Record a payment partner's report")
        .describe(DESCRIPTION)
        .parameter("partner", "Name of the partner.")
        .message(WORDS)
        .handle(handle)
}

async fn handle(app: Arc<App>, name: String, request: Request) -> Result<Reply, Problem> {
    let known = app.desk.partners.get(&name);
    let known = known.filter(|known| known.partner.offers(Capability::Notify).is_ok());
    let known = known.ok_or_else(Problem::not_found)?;
    if request.body.len() as u64 > MESSAGE_BYTES_MAX {
        return Err(Problem::body_too_large(MESSAGE_BYTES_MAX));
    }
    let headers = headers(&request);
    let incoming = Incoming { query: &request.query, headers: &headers, body: &request.body };
    let (partner, secrets) = (&known.partner, &known.secrets);
    let engine = app.payments.engine();
    let notice = partner.scheme().notice(partner, secrets, incoming, engine.clock.now());
    let answer = match notice {
        Ok(notice) => {
            let message = Some(message(&request));
            let report = Report { partner: &name, notice: &notice, message };
            app.reports().record(report).await
        }
        Err(Rejected::Signature(wrong)) => return Ok(refused(&app, known, incoming, &wrong)),
        Err(Rejected::Content(findings)) => {
            engine.metrics.partner_impossible(&name);
            impossible(&app, &name, &request, &findings).await
        }
        Err(Rejected::NotOffered(_)) => return Err(Problem::not_found()),
    };
    let answer = answer.unwrap_or_else(|error| {
        tracing::warn!(partner = &*name, %error, "a partner's report could not be recorded");
        Answer::TryAgain
    });
    Ok(words(known, incoming, answer))
}

/// The answer in the partner's words.
fn words(known: &Known, to: Incoming<'_>, answer: Answer) -> Reply {
    let reply = known.partner.scheme().reply(&known.partner, to, answer);
    if reply.body.is_empty() && reply.status >= 400 {
        // An empty refusal is one of the HTTP server itself, which knows no partner's words.
        return text(reply.status, "not taken");
    }
    Reply::words(status(reply.status), reply.content_type, reply.body)
}

fn text(code: u16, text: &str) -> Reply {
    Reply::words(status(code), Some("text/plain; charset=utf-8"), text.as_bytes().to_vec())
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn refused(app: &App, known: &Known, to: Incoming<'_>, wrong: &WrongSignature) -> Reply {
    let name = &*known.partner.name;
    app.payments.engine().metrics.partner_refused(name);
    tracing::warn!(partner = name, %wrong, "message of a partner with a wrong signature; refusing it");
    let reply = known.partner.scheme().reply(&known.partner, to, Answer::WrongSignature);
    let reply = if reply.body.is_empty() {
        text(reply.status, &wrong.to_string())
    } else {
        words(known, to, Answer::WrongSignature)
    };
    reply.header(SIGNATURE, &wrong.to_string())
}

/// Keeps a message of which the signature is right and the content is not.
async fn impossible(
    app: &App,
    name: &str,
    request: &Request,
    findings: &Findings,
) -> Result<Answer, crate::record::NotRecorded> {
    let message = message(request);
    let digest = Sha256::digest(message.as_bytes());
    let digest = partners::hex(&digest[..16]);
    let found = findings.0.iter().map(|one| format!("{}: {}", one.pointer, one.en));
    let notice = NoticeUnmatched {
        provider: name.to_owned(),
        provider_event: format!("impossible-{digest}"),
        reference: String::new(),
        amount: Vnd::ZERO,
        said: Some("impossible".to_owned()),
        transaction: None,
        paid_at: None,
        findings: found.collect(),
        message: Some(Personal::Known(message)),
    };
    app.reports().kept(notice).await?;
    Ok(Answer::Impossible)
}

/// The message as it was sent: its parameters or its body.
fn message(request: &Request) -> String {
    if request.body.is_empty() {
        return request.query.clone();
    }
    String::from_utf8_lossy(&request.body).into_owned()
}

/// The headers that are text.
pub(super) fn headers(request: &Request) -> Vec<(&str, &str)> {
    let all = request.headers.iter();
    all.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect()
}
