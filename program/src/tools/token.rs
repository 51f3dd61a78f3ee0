//! `dossier token`: mints tokens with the development key.

use std::io::Write;

use anyhow::{Context, Result, bail};
use clap::Parser;
use dossier::contract::{AgencyCode, Role, Subject};
use platform::TimeSource;
use web::auth::{Claims, DevelopmentKey};

/// Mint a token.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: crate::Data,
    /// Role; can be repeated. One of: applicant, clerk, reviewer, approver, cashier, consultee,
    /// carrier, `payment_provider`, `complaint_handler`, auditor, operator.
    #[arg(long, required = true, value_parser = role)]
    role: Vec<Role>,
    /// Agency of an officer, for example G02; required for every role but applicant, carrier,
    /// `payment_provider` and operator.
    #[arg(long)]
    agency: Option<String>,
    /// Opaque name of the bearer (`sub`).
    #[arg(long, default_value = "developer")]
    subject: String,
    /// Subject that the bearer represents.
    #[arg(long)]
    on_behalf_of: Option<String>,
    /// Lifetime in hours.
    #[arg(long, default_value_t = 12)]
    hours: u32,
    /// Create the development key if it is missing, for a server that is started later on the same
    /// directory.
    #[arg(long)]
    make_key: bool,
}

/// Roles without an agency.
const WITHOUT_AGENCY: [Role; 4] =
    [Role::Applicant, Role::Carrier, Role::PaymentProvider, Role::Operator];

fn role(name: &str) -> Result<Role, String> {
    let role: Role = serde_json::from_value(name.into()).map_err(|_| {
        let known = Role::CALLERS.map(|role| serde_json::to_value(role).unwrap_or_default());
        let known: Vec<_> = known.iter().filter_map(serde_json::Value::as_str).collect();
        format!("unknown role; known roles: {}", known.join(", "))
    })?;
    if role == Role::System {
        Err("`system` is the service itself, which needs no token".to_owned())
    } else {
        Ok(role)
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let agency = arguments.agency.as_deref().map(AgencyCode::from);
    if agency.as_ref().is_some_and(|agency| !agency.is_well_formed()) {
        bail!("an agency code has up to 35 characters: 0-9, A-Z, and dots between levels");
    }
    if agency.is_none()
        && let Some(role) = arguments.role.iter().find(|role| !WITHOUT_AGENCY.contains(role))
    {
        let role = serde_json::to_value(role)?;
        let role = role.as_str().unwrap_or_default();
        bail!("the role {role} needs an agency, for example --agency G02.001");
    }
    let claims = Claims {
        sub: Subject::from(&*arguments.subject),
        exp: TimeSource::System.now().as_second() + i64::from(arguments.hours) * 3_600,
        nbf: None,
        roles: arguments.role.clone(),
        agency,
        on_behalf_of: arguments.on_behalf_of.as_deref().map(Subject::from),
    };
    let data = &arguments.data.data;
    if !arguments.make_key && !DevelopmentKey::is_in(data) {
        bail!(
            "no development key in {0}: set --data to the server's data directory, or create a key there with \
             --make-key. A server with --jwks accepts only tokens of its identity provider",
            data.display()
        );
    }
    let token = arguments.data.open()?.key()?.mint(&claims)?;
    writeln!(std::io::stdout(), "{token}").context("standard output")
}
