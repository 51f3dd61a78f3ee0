//! `dossier visit`: carries one notice of energy labelling from submission to its end, through the services' own addresses, as
//! portals and officers would. What `helm test` runs.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde_json::{Value, json};

/// How long one answer may take.
const ANSWERED_IN: Duration = Duration::from_secs(30);
/// How often a step is taken again because something else came between.
const ATTEMPTS: usize = 20;
/// How long is waited in between.
const REST: Duration = Duration::from_millis(500);

/// Carry one dossier through a running system.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Where intake is, for example `http://dossier-intake`.
    #[arg(long)]
    intake: String,
    /// Where review is; the same if one process serves both.
    #[arg(long)]
    review: String,
    /// The agency, one whose officers the tokens name.
    #[arg(long, default_value = "G02.002")]
    agency: String,
    /// A folder with the tokens of an applicant, a clerk and a reviewer, in files of these names.
    #[arg(long)]
    tokens: PathBuf,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let id = tokio::task::spawn_blocking(move || visit(&arguments)).await??;
    let mut out = std::io::stdout().lock();
    Ok(writeln!(out, "dossier {id} was submitted, accepted, reviewed, decided and closed")?)
}

fn visit(arguments: &Arguments) -> Result<String> {
    let mut visitor = Visitor::new(&arguments.tokens)?;
    let (intake, review) = (&arguments.intake, &arguments.review);
    let declaration = visitor.upload(intake, "declaration")?;
    let report = visitor.upload(intake, "report")?;
    let submission = json!({
        "procedure": "ENERGY.LABEL", "agency": arguments.agency, "channel": "online",
        "form": {
            "company": { "name": "Công ty thử nghiệm", "tax_code": "0101234567" },
            "product": "LED", "model": "S1", "stars": 5,
        },
        "documents": [
            { "component": "declaration", "document": declaration, "file_name": "a.pdf" },
            { "component": "test_report", "document": report, "file_name": "b.pdf" },
        ],
    });
    let submitted = visitor.send(
        "POST",
        &format!("{intake}/v1/dossiers"),
        "applicant",
        "",
        submission.to_string(),
    )?;
    let id = submitted.body["id"].as_str().context("a dossier without an id")?.to_owned();
    let (dossier, work) =
        (format!("{intake}/v1/dossiers/{id}"), format!("{review}/v1/reviews/{id}"));
    visitor.step(&dossier, "acceptance", "clerk", json!({}))?;
    visitor.step(&work, "claim", "reviewer", json!({}))?;
    visitor.step(&work, "activities", "reviewer", json!({ "activity": "registration" }))?;
    let decision = json!({ "outcome": "approved", "reason": "complete" });
    visitor.step(&work, "decision-proposals", "reviewer", decision)?;
    let shown = visitor.send("GET", &dossier, "applicant", "", String::new())?.body;
    if shown["stage"] != "closed" || shown["outcome"] != "approved" {
        bail!("dossier {id} did not come to its end: {shown}");
    }
    Ok(id)
}

/// Somebody who is applicant, clerk and reviewer, and passes on what was seen.
struct Visitor {
    agent: ureq::Agent,
    tokens: Vec<(&'static str, String)>,
    seen: String,
    name: String,
    requests: u32,
}

struct Answer {
    status: u16,
    etag: String,
    body: Value,
}

impl Visitor {
    fn new(folder: &Path) -> Result<Self> {
        let mut tokens = Vec::new();
        for role in ["applicant", "clerk", "reviewer"] {
            let path = folder.join(role);
            let token =
                std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            tokens.push((role, token.trim().to_owned()));
        }
        let config = service_kit::outside::client(ANSWERED_IN).http_status_as_error(false);
        let name = service_kit::Clock::System.now().to_string();
        Ok(Self { agent: config.build().into(), tokens, seen: String::new(), name, requests: 0 })
    }

    fn upload(&mut self, intake: &str, what: &str) -> Result<String> {
        let body = format!("%PDF-1.7 {what}");
        let answer =
            self.send("UPLOAD", &format!("{intake}/v1/documents"), "applicant", "", body)?;
        Ok(answer.body["document"].as_str().context("a document without a name")?.to_owned())
    }

    /// A step on a resource, behind everything that was seen.
    fn step(&mut self, resource: &str, step: &str, who: &str, body: Value) -> Result<()> {
        let path = format!("{resource}/{step}");
        let mut refused = String::new();
        for _ in 0..ATTEMPTS {
            let read = self.ask("GET", resource, who, "", String::new())?;
            let taken = match read.status {
                200..=299 => self.ask("POST", &path, who, &read.etag, body.to_string())?,
                _ => read,
            };
            match taken.status {
                200..=299 => return Ok(()),
                // What it follows from has not arrived, or something else came between.
                404 | 412 | 429 | 503 => refused = format!("{} {}", taken.status, taken.body),
                status => bail!("{path}: {status} {}", taken.body),
            }
            // Twenty times at once would be over before anything came.
            std::thread::park_timeout(REST);
        }
        bail!("{path}: {refused}")
    }

    fn send(
        &mut self,
        method: &str,
        url: &str,
        who: &str,
        etag: &str,
        body: String,
    ) -> Result<Answer> {
        let answer = self.ask(method, url, who, etag, body)?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        bail!("{url}: {} {}", answer.status, answer.body)
    }

    fn ask(
        &mut self,
        method: &str,
        url: &str,
        who: &str,
        etag: &str,
        body: String,
    ) -> Result<Answer> {
        self.requests += 1;
        let token =
            self.tokens.iter().find(|(role, _)| *role == who).map_or("", |(_, token)| token);
        let (method, media) = match method {
            "UPLOAD" => ("POST", "application/pdf"),
            method => (method, "application/json"),
        };
        let mut request = http::Request::builder()
            .method(method)
            .uri(url)
            .header("authorization", format!("Bearer {token}"));
        if method == "POST" {
            let key = format!("visit-{}-{}", self.name, self.requests);
            request = request.header("idempotency-key", key).header("content-type", media);
        }
        if !self.seen.is_empty() {
            request = request.header("consistency-token", &self.seen);
        }
        if !etag.is_empty() {
            request = request.header("if-match", etag);
        }
        let mut answer = self.agent.run(request.body(body)?).with_context(|| url.to_owned())?;
        let header = |name: &str| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (etag, seen) = (header("etag"), header("consistency-token"));
        if !seen.is_empty() {
            self.seen = seen;
        }
        let text = answer.body_mut().read_to_string()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status: answer.status().as_u16(), etag, body })
    }
}
