//! Rows of lists in replies, and whose rows a caller may list.

use dossier::access::{Caller, May, Resource, UnderMandate, informed};
use dossier::contract::{
    AgencyCode, Channel, DossierCode, DossierId, MandateId, ProcedureCode, Role, Subject, UnitCode,
};
use dossier::law::{Law, Text};
use dossier::overview::{DossierStage, LIST, Task, WaitingOn};
use dossier::services::{Category, ServiceName};
use engine::view::Question;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Due, NextStep, Problem, Request};

use super::clients::Clients;
use crate::App;
use crate::lists::{ListedRow, RANGES_MAX, Range, Scope, Seen, roots};
use crate::names::Applicants;
use crate::search::Rights;

/// A dossier in a list.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "flags by which a client filters")]
pub(crate) struct ListedDossierReply {
    /// Id of the dossier.
    pub(super) id: DossierId,
    /// Code of the dossier.
    code: DossierCode,
    /// Code of the procedure.
    procedure: ProcedureCode,
    /// Its name in both languages; null if the procedure is not known.
    procedure_name: Option<Text>,
    /// Code of the competent agency, which decides.
    agency: AgencyCode,
    /// Code of the agency that received it for that one; absent if it is the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    receiver: Option<AgencyCode>,
    /// Filing channel.
    channel: Channel,
    /// The applicant, as the identity provider names them.
    #[schema(example = "citizen-1")]
    applicant: Option<String>,
    /// Name of the applicant in the form, or else in the address for post; for callers who read
    /// these. Absent if it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Công ty TNHH Minh An")]
    applicant_name: Option<String>,
    /// The mandate by which the caller acts for this applicant, for the header `Mandate`; in lists
    /// of clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate: Option<MandateId>,
    /// Time of the submission.
    submitted_at: Timestamp,
    /// Stage of the dossier.
    stage: DossierStage,
    /// Status as numbered by the national portal: 1 submitted, 2 accepted, 3 not accepted, 4 in
    /// process, 5 supplement awaited, 6 fee awaited, 7 withdrawn, 8 stopped, 9 decided, 10
    /// delivered.
    #[schema(minimum = 1, maximum = 10)]
    status: u8,
    /// Who has to act for the dossier to go on.
    waiting_on: WaitingOn,
    /// The consulted agency that it waits on.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_on_agency: Option<AgencyCode>,
    /// What must happen next: first what the dossier waits on, then the soonest due.
    next: Vec<NextStep>,
    /// The appointment: due instant of the decision.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Remaining legal time of the decision in seconds, negative if it is overdue; null if no
    /// appointment runs.
    #[schema(example = 86_400)]
    remaining_s: Option<i64>,
    /// Officer who has claimed it; shown to officers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    officer: Option<Subject>,
    /// That officer's unit, by the directory on this day; shown to officers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<UnitCode>,
    /// Whether the appointment was missed.
    missed: bool,
    /// Whether lateness was foreseen.
    foreseen_late: bool,
    /// Whether the statutory clock is suspended.
    suspended: bool,
    /// Whether the one-stop unit did not answer in time.
    intake_answer_missed: bool,
    /// The versions of its resources.
    etags: ETagsReply,
}

/// The `ETag`s of a dossier's resources as of the row, for the `If-Match` of a step; absent for a
/// resource that does not exist yet, or that the caller does not read. If the resource has changed
/// since, the step is a 412.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ETagsReply {
    /// That of `/v1/dossiers/{dossier}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "\"1\"")]
    dossier: Option<String>,
    /// That of `/v1/payments/{dossier}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "\"2\"")]
    payment: Option<String>,
    /// That of `/v1/reviews/{dossier}`; for officers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "\"3\"")]
    review: Option<String>,
    /// That of `/v1/deliveries/{dossier}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "\"1\"")]
    delivery: Option<String>,
}

impl ETagsReply {
    /// Those that `role` needs. A consulted agency acts on the review only, and a complaint handler
    /// reads the dossier only.
    fn of(seen: &Seen, role: Role) -> Self {
        let (all, handles) = (role != Role::Consultee, role == Role::ComplaintHandler);
        let tag = |of, shown: bool| etag(seen, of).filter(|_| shown);
        Self {
            dossier: tag(Category::Intake, all),
            payment: tag(Category::Payment, all && !handles),
            review: tag(Category::Review, role.is_officer() && !handles),
            delivery: tag(Category::Delivery, all && !handles),
        }
    }
}

/// The `ETag` of a stream as of a row; `None` if there is no such stream.
fn etag(seen: &Seen, of: Category) -> Option<String> {
    seen.version(of).map(|version| format!("\"{}\"", version.0))
}

/// The step that does a task.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskStepReply {
    /// The id of its operation, in these API documents and in bulk requests.
    #[schema(example = "accept_dossier")]
    operation: &'static str,
    /// The resource below which it is.
    #[schema(example = "/v1/dossiers/018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e")]
    resource: String,
    /// The `ETag` of that resource as of this row; absent if the step needs no `If-Match`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "\"1\"")]
    if_match: Option<String>,
}

impl TaskStepReply {
    /// The step of a task in a dossier; `None` if it belongs to no resource of the dossier, or if
    /// it is a partner's.
    pub(super) fn of(task: &Task, row: &ListedRow) -> Option<Self> {
        if matches!(task.kind.who(), WaitingOn::Provider | WaitingOn::Carrier) {
            return None;
        }
        let operation = task.kind.step().name;
        let mut modules = ServiceName::ALL.iter().flat_map(|service| service.modules());
        let module = modules.find(|module| module.steps.iter().any(|s| s.name == operation))?;
        let (address, of) = match module.name {
            "intake" => ("dossiers", Some(Category::Intake)),
            "payment" => ("payments", Some(Category::Payment)),
            "review" => ("reviews", Some(Category::Review)),
            "delivery" => ("deliveries", Some(Category::Delivery)),
            "notes" => ("dossiers", None),
            _ => return None,
        };
        let if_match = of.and_then(|of| etag(&row.seen, of));
        Some(Self { operation, resource: format!("/v1/{address}/{}", row.id), if_match })
    }
}

impl ListedDossierReply {
    /// A row, as `role` sees it. Consulted agencies see neither the applicant nor the tasks of
    /// others.
    pub(super) fn of(
        (row, role): (&ListedRow, Role),
        names: &Applicants,
        (law, now): (&Law, Timestamp),
    ) -> Self {
        let for_officers = role.is_officer();
        let runs = matches!(row.stage, DossierStage::Processing) && !row.flags.suspended;
        let remaining = row.due_at.filter(|_| runs).map(|due_at| due_at.duration_since(now));
        let theirs = |task: &&Task| role != Role::Consultee || task.kind.roles().contains(&role);
        let tasks: Vec<Task> = row.tasks.iter().filter(theirs).cloned().collect();
        Self {
            id: row.id,
            code: row.code.clone(),
            procedure: row.procedure.code.clone(),
            procedure_name: law.procedure(&row.procedure).map(|procedure| procedure.name.clone()),
            agency: row.agency.clone(),
            receiver: row.receiver.clone(),
            channel: row.channel,
            applicant: (role != Role::Consultee).then(|| row.applicant.clone()),
            applicant_name: names.name(row, role),
            mandate: None,
            submitted_at: row.submitted_at,
            stage: row.stage,
            status: row.status,
            waiting_on: row.waiting_on,
            waiting_on_agency: row.waiting_on_agency.clone(),
            next: NextStep::all(&tasks, law, for_officers),
            due: Due::of(law, &row.agency, row.due_at),
            remaining_s: remaining.map(|remaining| remaining.as_secs()),
            officer: row.officer.clone().filter(|_| for_officers),
            unit: row
                .officer
                .as_ref()
                .filter(|_| for_officers)
                .and_then(|officer| Some(law.officer(&row.agency, officer, now)?.unit.clone())),
            missed: row.flags.missed,
            foreseen_late: row.flags.foreseen_late,
            suspended: row.flags.suspended,
            intake_answer_missed: row.flags.intake_answer_missed,
            etags: ETagsReply::of(&row.seen, role),
        }
    }
}

impl ListedDossierReply {
    /// With the mandate by which the caller acts.
    pub(super) fn under(self, mandate: Option<MandateId>) -> Self {
        Self { mandate, ..self }
    }
}

/// Whose dossiers are listed.
pub(super) struct Whose {
    /// The role in which the caller lists them.
    pub(super) role: Role,
    /// The agencies with those below them, or the applicant.
    pub(super) scopes: Vec<Scope>,
    /// Who may not be a party: the caller and the represented person, if they list as an officer.
    pub(super) not_of: Vec<String>,
    belongs: Belongs,
    /// What was asked, for cursors.
    pub(super) of: String,
}

/// To whom the listed dossiers belong.
enum Belongs {
    /// To an applicant, and if the caller invokes a mandate, to a procedure that it covers.
    Applicant(String, Option<UnderMandate>),
    /// To these agencies and those below them; predecessors first.
    Agencies(Vec<AgencyCode>),
    All,
    /// To those who have granted the caller a mandate, as far as it covers the procedure.
    Clients(Clients),
}

impl Whose {
    /// The dossiers of all clients of the caller.
    pub(super) async fn clients(app: &App, request: &Request) -> Result<Self, Problem> {
        let clients = Clients::of(app, request).await?;
        let of = format!("clients of {}", party(request.caller()?.party()));
        let scopes = clients.parties().map(Scope::applicant).collect();
        let belongs = Belongs::Clients(clients);
        Ok(Self { role: Role::Applicant, scopes, not_of: Vec::new(), belongs, of })
    }

    /// The mandate by which the caller acts in a dossier of a list of clients.
    pub(super) fn mandate(&self, row: &ListedRow) -> Option<MandateId> {
        match &self.belongs {
            Belongs::Clients(clients) => clients.mandate(&row.applicant, &row.procedure.code),
            Belongs::Applicant(..) | Belongs::Agencies(_) | Belongs::All => None,
        }
    }

    /// The dossiers of the caller, or of the person for whom the caller acts.
    pub(super) fn own(caller: &Caller) -> Self {
        let party = party(caller.party());
        let (scopes, of) = (vec![Scope::applicant(&party)], format!("own {party}"));
        let of = match &caller.mandate {
            Some(under) => format!("{of} mandate {}", under.mandate),
            None => of,
        };
        let belongs = Belongs::Applicant(party, caller.mandate.clone());
        Self { role: Role::Applicant, scopes, not_of: Vec::new(), belongs, of }
    }

    /// The dossiers of an agency and those below it, with those of its predecessors; for operators
    /// without an agency, all.
    pub(super) async fn agency(
        app: &App,
        request: &Request,
        (mays, asked): (&[May], Option<&AgencyCode>),
    ) -> Result<Self, Problem> {
        let caller = request.caller()?;
        let agency = asked.or(caller.agency.as_ref());
        if agency.is_some_and(|agency| !agency.is_well_formed()) {
            return Err(Problem::parameter(
                "agency",
                "không phải mã cơ quan, ví dụ G02.001",
                "is not the code of an agency, for example G02.001",
            ));
        }
        let agencies: Vec<AgencyCode> = agency.into_iter().cloned().collect();
        let resource = Resource {
            // A consulted agency lists what it is asked.
            consulted: agencies.clone(),
            agencies: agencies.clone(),
            ..Resource::default()
        };
        let of_officers: Vec<May> =
            mays.iter().filter(|may| may.role.is_officer()).copied().collect();
        let role = request.read_as(&of_officers, &resource)?.role;
        let (scopes, belongs) = if let Some(agency) = agency {
            let mut all = app.engine.law().predecessors(agency, app.engine.clock.now());
            all.push(agency.clone());
            let scopes = all.iter().map(|agency| Scope::agency(agency.as_str())).collect();
            (scopes, Belongs::Agencies(all))
        } else {
            let roots = app.lists.query(Question::List, roots).await?;
            (roots.iter().map(|agency| Scope::agency(agency)).collect(), Belongs::All)
        };
        let parties = std::iter::once(&caller.subject).chain(&caller.on_behalf_of);
        let not_of = parties.map(party).collect();
        let of = agency.map_or_else(|| "all".to_owned(), |agency| format!("agency {agency}"));
        Ok(Self { role, scopes, not_of, belongs, of })
    }

    /// The same dossiers in a search by words.
    pub(super) fn rights(&self) -> Rights {
        let (role, parties) = (self.role, self.not_of.clone());
        match &self.belongs {
            Belongs::Applicant(party, _) => Rights::Own(party.clone()),
            Belongs::Agencies(all) => {
                Rights::Officer { role, agencies: Some(all.clone()), parties }
            }
            Belongs::All => Rights::Officer { role, agencies: None, parties },
            // A search is of one client: the lists of clients take no words.
            Belongs::Clients(_) => Rights::Own(String::new()),
        }
    }

    /// Whether the dossier, or the task in it, belongs to those that were asked for.
    pub(super) fn has(&self, row: &ListedRow, task: Option<&Task>) -> bool {
        match &self.belongs {
            Belongs::All => true,
            Belongs::Clients(_) => self.mandate(row).is_some(),
            Belongs::Applicant(party, under) => {
                let covers = |under: &UnderMandate| under.covers(Some(&row.procedure.code));
                row.applicant == *party && under.as_ref().is_none_or(covers)
            }
            Belongs::Agencies(agencies) => {
                let is_of = |agency: &AgencyCode| agencies.iter().any(|one| one.covers(agency));
                match task {
                    Some(task) => task.agencies().any(is_of),
                    None => {
                        is_of(&row.agency)
                            || LIST.contains(&informed(self.role))
                                && row.receiver.as_ref().is_some_and(is_of)
                    }
                }
            }
        }
    }

    /// Whether the dossier's agency is one of those that were asked for, not only the agency that
    /// received it or that has a task in it.
    pub(super) fn decides(&self, row: &ListedRow) -> bool {
        match &self.belongs {
            Belongs::All => true,
            Belongs::Applicant(..) | Belongs::Clients(_) => false,
            Belongs::Agencies(agencies) => agencies.iter().any(|one| one.covers(&row.agency)),
        }
    }

    /// Whether an officer may work on the dossier: not on a matter of their own.
    pub(super) fn includes(&self, row: &ListedRow) -> bool {
        let is_party = |party: &String| row.applicant == *party || row.acted.contains(party);
        !self.not_of.iter().any(is_party)
    }
}

/// The ranges of a list, of which `filter` is the parameter with many values.
///
/// # Errors
///
/// 400 if they are too many for a page.
pub(super) fn merged(ranges: Vec<Range>, filter: &str) -> Result<Vec<Range>, Problem> {
    if ranges.len() <= RANGES_MAX {
        return Ok(ranges);
    }
    let vi = format!(
        "phải gộp hơn {RANGES_MAX} danh sách: hãy lọc hẹp hơn, ví dụ theo `waiting_on` hoặc `kind`, hoặc chọn một người"
    );
    let en = format!(
        "more than {RANGES_MAX} lists would have to be merged: filter by `waiting_on` or `kind`, or choose one person"
    );
    Err(Problem::parameter(filter, &vi, &en))
}

/// The officers of the unit that a list asks for.
pub(super) fn officers_of(
    app: &App,
    agency: Option<&AgencyCode>,
    unit: &UnitCode,
) -> Result<Vec<Subject>, Problem> {
    let law = app.engine.law();
    let officers = law.officers_of_unit(agency, unit, app.engine.clock.now());
    if officers.is_empty() {
        let vi = "không phải đơn vị có cán bộ trong danh bạ của cơ quan vào ngày này";
        let en = "is no unit with officers in the directory of the agency on this day";
        return Err(Problem::parameter("unit", vi, en));
    }
    Ok(officers.into_iter().cloned().collect())
}

/// A party in the form in which parties are compared.
pub(super) fn party(subject: &Subject) -> String {
    dossier::contract::party_name(subject.as_str())
}

#[cfg(test)]
mod tests {
    use dossier::overview::TaskKind;

    use super::*;

    #[test]
    fn more_ranges_than_can_be_merged_are_refused_at_the_parameter() {
        let ranges = |count: usize| {
            let kinds = TaskKind::ALL.iter().cycle().take(count);
            kinds.map(|kind| Range::work(Scope::agency("G02"), *kind)).collect::<Vec<_>>()
        };
        assert_eq!(merged(ranges(RANGES_MAX), "unit").unwrap().len(), RANGES_MAX);
        let refused = merged(ranges(RANGES_MAX + 1), "unit").unwrap_err();
        assert_eq!(refused.status(), 400);
        let said = serde_json::to_string(&refused.body(web::Language::English)).unwrap();
        assert!(said.contains("\"unit\"") && said.contains("1000 lists"), "{said}");
    }
}
