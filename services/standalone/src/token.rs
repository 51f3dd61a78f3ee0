//! `dossier token`

use std::io::Write;

use anyhow::{Context, Result, bail};
use clap::Parser;
use dossier::contract::{AgencyCode, Role, Subject};
use service_kit::Clock;
use service_kit::auth::{Claims, DevelopmentKey};

/// Mint a token.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: crate::Data,
    /// The role; may be given more than once. One of: applicant, clerk, reviewer, approver, cashier, consultee,
    /// carrier, `payment_provider`, `complaint_handler`, auditor, operator.
    #[arg(long, required = true, value_parser = role)]
    role: Vec<Role>,
    /// The agency for which an officer acts, for example G02; every role needs one but applicant, carrier,
    /// `payment_provider` and operator.
    #[arg(long)]
    agency: Option<String>,
    /// The subject: an opaque name.
    #[arg(long, default_value = "developer")]
    subject: String,
    /// The person for whom a representative acts.
    #[arg(long)]
    on_behalf_of: Option<String>,
    /// How long the token is valid, in hours.
    #[arg(long, default_value_t = 12)]
    hours: u32,
    /// Make the development key if there is none: for a server that is started later on the same directory.
    #[arg(long)]
    make_key: bool,
}

/// Those who act for no agency: whoever else has none may do nothing.
const WITHOUT_AGENCY: [Role; 4] =
    [Role::Applicant, Role::Carrier, Role::PaymentProvider, Role::Operator];

fn role(name: &str) -> Result<Role, String> {
    let role: Role = serde_json::from_value(name.into()).map_err(|_| {
        let known = Role::CALLERS.map(|role| serde_json::to_value(role).unwrap_or_default());
        let known: Vec<_> = known.iter().filter_map(serde_json::Value::as_str).collect();
        format!("no such role; there are {}", known.join(", "))
    })?;
    if role == Role::System {
        Err("the service itself needs no token".to_owned())
    } else {
        Ok(role)
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let agency = arguments.agency.as_deref().map(AgencyCode::from);
    if agency.as_ref().is_some_and(|agency| !agency.is_well_formed()) {
        bail!("an agency code has at most 35 of 0-9, A-Z and dots between levels");
    }
    if agency.is_none()
        && let Some(role) = arguments.role.iter().find(|role| !WITHOUT_AGENCY.contains(role))
    {
        let role = serde_json::to_value(role)?;
        let role = role.as_str().unwrap_or_default();
        bail!(
            "{role} acts for an agency, and may do nothing without one: name it, for example --agency G02.001"
        );
    }
    let claims = Claims {
        sub: Subject::from(&*arguments.subject),
        exp: Clock::System.now().as_second() + i64::from(arguments.hours) * 3_600,
        nbf: None,
        roles: arguments.role.clone(),
        agency,
        on_behalf_of: arguments.on_behalf_of.as_deref().map(Subject::from),
    };
    let data = &arguments.data.data;
    if !arguments.make_key && !DevelopmentKey::is_in(data) {
        bail!(
            "there is no development key in {0}: name the data directory of the server with --data, or make a key there with \
             --make-key. A server with --jwks takes the tokens of its identity provider alone",
            data.display()
        );
    }
    let token = arguments.data.open()?.key()?.mint(&claims)?;
    writeln!(std::io::stdout(), "{token}").context("standard output")
}
