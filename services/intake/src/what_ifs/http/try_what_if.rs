//! Begins a what-if: a new version of rules, or another period of a procedure.

use std::sync::Arc;

use dossier::RefusalEntry;
use dossier::contract::{Channel, ProcedureCode, Role, RulesKind};
use dossier::law::{Budget, Finding, Findings, Law, RULES_BYTES_MAX};
use dossier::rules::TRY;
use dossier::rules::declare_outage::Refusal as OutageRefusal;
use dossier::rules::issue_rules::Refusal;
use dossier::step::{Known, Said};
use engine::what_if::WhatIf;
use serde::Deserialize;
use utoipa::ToSchema;
use web::problem::{BUSY, KEY_REUSED};
use web::{Counts, Line, Operation, Problem, Reply, Request, TOO_MANY_AT_ONCE, Text};

use super::reply::{AskedOutageReply, AskedReply, AskedRulesReply, WhatIfReply, id_of};
use crate::http::UNKNOWN_PROCEDURE;
use crate::rules::http::{DeclareOutageRequest, tried, tried_outage};
use crate::what_ifs::App;
use crate::what_ifs::jobs::{Begun, Full, Job};

const NO_CHANGE: RefusalEntry = RefusalEntry {
    status: 422,
    code: "what-if-change",
    vi: "hãy nêu đúng một thay đổi: `period`, `rules` hoặc `outage`",
    en: "name exactly one change: `period`, `rules` or `outage`",
};
const WITHOUT_DATES: RefusalEntry = RefusalEntry {
    status: 422,
    code: "what-if-kind",
    vi: "chỉ thử được thủ tục (`procedure`) và lịch làm việc (`calendar`)",
    en: "only a `procedure` or a `calendar` can be tried: others move no dates",
};
const NO_PERIOD: RefusalEntry = RefusalEntry {
    status: 422,
    code: "what-if-period",
    vi: "thời hạn phải từ 1 đến 10.000 đơn vị",
    en: "a period has from 1 to 10,000 units",
};

/// Units of a period.
const PERIOD_MAX: u32 = 10_000;

/// A change of the law: one of the three.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhatIfRequest {
    /// Another period of a procedure.
    period: Option<WhatIfPeriod>,
    /// A new version of a procedure or calendar, as it would be issued.
    rules: Option<WhatIfRules>,
    /// An outage, as it would be declared.
    outage: Option<DeclareOutageRequest>,
}

/// Another period of a procedure, applied to all its dossiers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhatIfPeriod {
    /// Code of the procedure.
    #[schema(value_type = String, max_length = 100, example = "CO.D")]
    procedure: Line<100>,
    /// The channel whose period changes; all if absent.
    channel: Option<Channel>,
    /// The new period.
    period: Budget,
}

/// A file of rules, applied to all dossiers that it concerns, whatever its first day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhatIfRules {
    /// `procedure` or `calendar`.
    kind: RulesKind,
    /// Text of the file, as YAML.
    text: Text<{ RULES_BYTES_MAX }>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/what-ifs", "try_what_if", "Try a change of the law on all dossiers")
        .describe(
            "Who would be late, and whose promised date would move, if the change applied to all \
             dossiers, also to those that are decided. Nothing is recorded. The computation runs on \
             after the reply: read its `Location`. A file of rules is checked as if it was issued. \
             An outage is checked as if it was declared, and compared with the dates by the present \
             law: open dossiers, and those that were late, whose dates would be restated; one \
             without an end is tried as if it ended now. Auditors and approvers try it on the \
             dossiers of their agency. A process runs two at a time, one of each caller, for at \
             most 10 minutes.",
        )
        .roles(TRY)
        .refusals(&[NO_CHANGE, WITHOUT_DATES, UNKNOWN_PROCEDURE, NO_PERIOD])
        .refusals(Refusal::ALL)
        .refusals(OutageRefusal::ALL)
        .body::<WhatIfRequest>()
        .accepted::<WhatIfReply>()
        .counted(Counts::Filing)
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let body: WhatIfRequest = request.json()?;
    let caller = request.caller()?;
    let id = id_of(&app, request.derived_id(caller, "what-if")?);
    let digest = request.secret().digest(&[&request.body]);
    if let Some(job) = app.jobs.find(&id, &caller.subject, app.engine.clock.now()) {
        return if job.begun.digest == digest {
            Ok(shown(&app, &job))
        } else {
            Err(Problem::new(KEY_REUSED).in_header("Idempotency-Key"))
        };
    }
    request.catch_up_law().await?;
    let mut what_if = WhatIf::of(Law::clone(&app.engine.law()));
    let asked = match (body.period, body.rules, body.outage) {
        (Some(period), None, None) => of_period(&app, &mut what_if, &period)?,
        (None, Some(rules), None) => of_rules(&app, &request, &mut what_if, rules).await?,
        (None, None, Some(outage)) => of_outage(&app, &request, &mut what_if, outage).await?,
        _ => return Err(Problem::at(NO_CHANGE, "")),
    };
    if !caller.roles.contains(&Role::Operator) {
        what_if.within(caller.agency.iter().chain(&caller.predecessors).cloned().collect());
    }
    let begun = Begun { id, owner: caller.subject.clone(), digest, asked };
    let job = app.jobs.begin(&app.engine, what_if, begun).map_err(|full| match full {
        Full::One => Problem::at_once(TOO_MANY_AT_ONCE),
        Full::All => Problem::at_once(BUSY),
    })?;
    Ok(shown(&app, &job))
}

fn shown(app: &App, job: &Job) -> Reply {
    let location = format!("/v1/what-ifs/{}", job.begun.id);
    Reply::accepted(&location, &WhatIfReply::of(app, job))
}

fn of_period(app: &App, what_if: &mut WhatIf, asked: &WhatIfPeriod) -> Result<AskedReply, Problem> {
    let (code, period) = (ProcedureCode::from(&*asked.procedure.0), asked.period);
    let mut findings: Vec<(RefusalEntry, Finding)> = Vec::new();
    if !(1..=PERIOD_MAX).contains(&period.amount) {
        findings.push((NO_PERIOD, NO_PERIOD.finding("/period/period/amount", None)));
    }
    if what_if.period(&code, asked.channel, period).is_none() {
        let law = app.engine.law();
        let mut all: Vec<_> = law.procedures().map(|procedure| &procedure.code).collect();
        all.dedup();
        let known = Known::new(&code, all, "GET /v1/procedures");
        let finding = UNKNOWN_PROCEDURE.finding("/period/procedure", Some(known.said()));
        findings.push((UNKNOWN_PROCEDURE, finding));
    }
    if let Some((entry, _)) = findings.first() {
        let entry = *entry;
        return Err(Problem::fields(entry, findings.into_iter().map(|(_, f)| f).collect()));
    }
    let (procedure, channel) = (Some(code), asked.channel);
    Ok(AskedReply { procedure, channel, period: Some(period), ..AskedReply::default() })
}

async fn of_rules(
    app: &App,
    request: &Request,
    what_if: &mut WhatIf,
    WhatIfRules { kind, text: Text(text) }: WhatIfRules,
) -> Result<AskedReply, Problem> {
    if !matches!(kind, RulesKind::Procedure | RulesKind::Calendar) {
        return Err(Problem::at(WITHOUT_DATES, "/rules/kind"));
    }
    let (issued, recorded) =
        tried((&app.engine, &app.rules), request, (kind, text, app.signers), TRY).await?;
    let applied = match kind {
        RulesKind::Procedure => what_if.procedure(&issued),
        _ => what_if.calendar(&issued),
    };
    applied.map_err(|error| {
        let found = vec![Finding::new("", error.to_string(), error.to_string())];
        Problem::refused(&Refusal::Invalid(Findings(found)))
    })?;
    let (name, version) = (issued.name.clone(), issued.version);
    let procedure =
        (kind == RulesKind::Procedure).then(|| ProcedureCode::from(issued.name.as_str()));
    let rules = Some(AskedRulesReply { kind, name, version, recorded });
    Ok(AskedReply { procedure, rules, ..AskedReply::default() })
}

async fn of_outage(
    app: &App,
    request: &Request,
    what_if: &mut WhatIf,
    body: DeclareOutageRequest,
) -> Result<AskedReply, Problem> {
    let tried = tried_outage(&app.outages, request, body, TRY).await;
    let mut declared = tried.map_err(|problem| problem.within("/outage"))?;
    let now = app.engine.clock.now();
    // As long as it lasts, it moves no date.
    let to = *declared.to.get_or_insert(now);
    what_if.outage(&declared, now);
    let outage = AskedOutageReply { agency: declared.agency, from: declared.from, to };
    Ok(AskedReply { outage: Some(outage), ..AskedReply::default() })
}
