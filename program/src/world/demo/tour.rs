//! The demo's summary: codes, tokens and requests to try.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};
use dossier::contract::Role;
use jiff::Timestamp;
use platform::TimeSource;
use serde::{Deserialize, Serialize};
use web::auth::{Claims, DevelopmentKey};

use super::citizen::Citizen;
use super::desk;
use super::stories::{APPLICANT, STORIES};

/// The file in the data directory.
const FILE: &str = "demo.json";
/// Lifetime of the tokens.
const TOKEN_HOURS: i64 = 12;

/// Data of the summary.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Tour {
    dossiers: usize,
    open: usize,
    /// Virtual time when the demo was created.
    ended_at: Timestamp,
    /// Id and code of each story's dossier.
    stories: Vec<(String, String)>,
}

impl Tour {
    pub(super) fn of(
        citizens: &[Citizen],
        dossiers: usize,
        open: usize,
        ended_at: Timestamp,
    ) -> Self {
        let stories = citizens.get(dossiers..).unwrap_or_default().iter().map(|citizen| {
            let (id, code) = citizen.dossier();
            (id.to_owned(), code.to_owned())
        });
        Self { dossiers: citizens.len(), open, ended_at, stories: stories.collect() }
    }

    pub(super) fn write(&self, data: &Path) -> Result<()> {
        Ok(std::fs::write(data.join(FILE), serde_json::to_string(self)?)?)
    }

    /// Reads a finished demo's summary; without stories if an older version created it.
    pub(super) fn read(data: &Path) -> Result<Self> {
        match std::fs::read_to_string(data.join(FILE)) {
            Ok(text) => serde_json::from_str(&text).context(FILE),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let (dossiers, open, ended_at) = (0, 0, Timestamp::UNIX_EPOCH);
                Ok(Self { dossiers, open, ended_at, stories: Vec::new() })
            }
            Err(error) => Err(error).context(FILE),
        }
    }

    /// Id and code of each story's dossier.
    pub(super) fn stories(&self) -> Vec<(String, String)> {
        self.stories.clone()
    }

    /// The summary as a shell script.
    pub(super) fn text(&self, key: &DevelopmentKey, data: &Path, at: SocketAddr) -> Result<String> {
        let mut text = String::new();
        if self.stories.is_empty() {
            return Ok(text);
        }
        let Self { dossiers, open, ended_at, .. } = self;
        writeln!(
            text,
            "# A ministry with {dossiers} dossiers, {open} of them open. Its virtual time is {ended_at}; to advance it:\n\
             #   date -u -d 2026-12-15 +%FT%TZ > {}/virtual-time-ended-at\n\
             #\n\
             # Open http://{at} in a browser and sign in as one of these people:",
            data.display()
        )?;
        for person in desk::people() {
            writeln!(text, "#   {person}")?;
        }
        writeln!(
            text,
            "# Time can be moved there too.\n\
             #\n\
             # Or paste these lines into a shell. The tokens are valid for {TOKEN_HOURS} hours.\n\
             U=http://{at}"
        )?;
        let seen = STORIES.iter().map(|story| (story.look.0, story.agency()));
        let mut named: Vec<(Role, &str)> = Vec::new();
        for (role, agency) in seen.chain([(Role::Applicant, ""), (Role::Reviewer, "G02.002")]) {
            if !named.iter().any(|(known, _)| *known == role) {
                writeln!(text, "{}={}", variable(role), token(key, role, agency)?)?;
                named.push((role, agency));
            }
        }
        for (story, (id, code)) in STORIES.iter().zip(&self.stories) {
            let (role, path) = story.look;
            let path = path.replace("ID", id);
            writeln!(
                text,
                "\n# {code} ({}): {}\ncurl -s \"$U/v1/register/lookup/{code}\"\n\
                 curl -s \"$U{path}\" -H \"Authorization: Bearer ${}\"",
                story.procedure,
                story.what,
                variable(role)
            )?;
        }
        writeln!(text, "\n# Statistics, and the dossiers whose appointment was missed.")?;
        let reviewer = variable(Role::Reviewer);
        for path in ["/v1/register/statistics", "/v1/register/dossiers?missed=true"] {
            writeln!(text, "curl -s \"$U{path}\" -H \"Authorization: Bearer ${reviewer}\"")?;
        }
        Ok(text)
    }
}

/// Name of the shell variable with a role's token.
fn variable(role: Role) -> String {
    let name = serde_json::to_value(role).unwrap_or_default();
    name.as_str().unwrap_or_default().to_uppercase()
}

fn token(key: &DevelopmentKey, role: Role, agency: &str) -> Result<String> {
    let subject = if role == Role::Applicant { APPLICANT } else { "visitor" };
    Ok(key.mint(&Claims {
        sub: subject.into(),
        exp: TimeSource::System.now().as_second() + TOKEN_HOURS * 3_600,
        nbf: None,
        roles: vec![role],
        agency: (!agency.is_empty()).then(|| agency.into()),
        on_behalf_of: None,
    })?)
}
