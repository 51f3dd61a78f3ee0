//! `dossier partners`: checks files of payment partners.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use outbox::{Called, TryResult, call};
use partners::{Capability, Question, Unable};
use payment::partners::{Known, read_one, short};
use platform::TimeSource;

/// Check files of payment partners.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check files as a start of the server would, with all findings at once.
    Check(Check),
}

#[derive(Debug, Args)]
struct Check {
    /// Files of partners (YAML; docs/partners.md).
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Folder with the secrets that the files name. Without it, secrets are not looked for.
    #[arg(long, value_name = "FOLDER")]
    partner_secrets: Option<PathBuf>,
    /// Also ask each partner about a payment that does not exist, which moves no money; an answer
    /// that its scheme understands shows that addresses, codes and secret are right. Needs
    /// `--partner-secrets`.
    #[arg(long, requires = "partner_secrets")]
    call: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Command::Check(check) = &arguments.command;
    let mut out = std::io::stdout().lock();
    let mut findings = 0_usize;
    for path in &check.files {
        findings += checked(&mut out, path, check)?;
    }
    match findings {
        0 => Ok(()),
        1 => bail!("1 finding"),
        several => bail!("{several} findings"),
    }
}

/// Prints the findings about a file; gives their number.
fn checked(out: &mut impl Write, path: &Path, check: &Check) -> Result<usize> {
    let shown = path.display();
    let secrets = check.partner_secrets.as_deref();
    let known = match read_one(path, secrets) {
        Ok(known) => known,
        // Without the folder only the file itself is checked.
        Err(found) => {
            let is_file = |pointer: &str| secrets.is_some() || !pointer.starts_with("/secrets/");
            let found: Vec<_> = found.0.iter().filter(|one| is_file(&one.pointer)).collect();
            for one in &found {
                let colon = if one.pointer.is_empty() { "" } else { ": " };
                writeln!(out, "{shown}: {}{colon}{} ({})", one.pointer, one.en, one.vi)?;
            }
            if found.is_empty() {
                writeln!(out, "{shown}: in order; its secrets were not looked for")?;
            }
            return Ok(found.len());
        }
    };
    let (name, version) = (&known.partner.name, known.partner.version);
    let state = if known.partner.enabled { "enabled" } else { "not enabled" };
    writeln!(out, "{shown}: {name} version {version} in order, {state}")?;
    if !check.call {
        return Ok(0);
    }
    let (said, failures) = match asked(known) {
        Ok(said) => (said, 0),
        Err(why) => (why, 1),
    };
    writeln!(out, "{shown}: call: {said}")?;
    Ok(failures)
}

/// Asks a partner about a payment that does not exist.
fn asked(mut known: Known) -> Result<String, String> {
    // A partner is tried before it is enabled.
    known.partner.enabled = true;
    let Known { partner, secrets, .. } = known;
    let nobody = short(uuid::Uuid::nil());
    let now = TimeSource::System.now();
    let request = format!("check-{}", now.as_second());
    let question = Question {
        reference: &nobody,
        request: &request,
        ordered_at: now,
        asked_at: now,
        transaction: None,
        our_ip: "127.0.0.1",
    };
    let outgoing = match partner.scheme().query(&partner, &secrets, question) {
        Ok(outgoing) => outgoing,
        Err(Unable::NotOffered(Capability::Query)) => {
            return Ok("not made: the partner answers no queries".to_owned());
        }
        Err(unable) => return Err(unable.to_string()),
    };
    let Called { result, body, .. } = call(&partner, &outgoing);
    let status = match result {
        TryResult::Response { status, .. } => status,
        TryResult::NoResponse(why) | TryResult::Blocked(why) => return Err(why),
    };
    let response = partners::Response { status, body: &body };
    if !(200..300).contains(&status) {
        return Err(format!("status {status}: {}", beginning(&body)));
    }
    match partner.scheme().queried(&partner, &secrets, question, response) {
        Ok(notice) => Ok(format!("answered with the code {}", notice.code)),
        Err(partners::Rejected::Signature(wrong)) => Err(wrong.to_string()),
        Err(partners::Rejected::Content(findings)) => {
            Err(format!("not understood: {findings}; the answer was {}", beginning(&body)))
        }
        Err(rejected) => Err(rejected.to_string()),
    }
}

fn beginning(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(300).collect()
}
